/**
 * What a strict reader of RFC 9112 makes of the bytes of one response, to hold the gateway's reading against. Shares
 * nothing with any parser under test.
 */

/** `broken`: not to be read on; `open`: more is awaited. The body is what could be read up to there. */
export interface StrictReading {
  readonly outcome: "whole" | "broken" | "open";
  /** Undefined where no final head could be read. */
  readonly status: number | undefined;
  readonly body: Buffer;
  /** Where the response ends, if it is whole; all behind it is surplus. */
  readonly end: number;
  /** The body ends with the connection. */
  readonly endsWithConnection: boolean;
}

interface Head {
  readonly minor: string;
  readonly status: number;
  readonly fields: ReadonlyArray<readonly [string, string]>;
  readonly end: number;
}

// Any reason phrase: the gateway never shows it, and a missing one is common (§4).
const statusLine = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [^\r\n]*)?$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const chunkLine = /^([0-9A-Fa-f]+)[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

function readHead(text: string, from: number): Head | "broken" | "open" {
  const end = text.indexOf("\r\n\r\n", from);
  if (end === -1) return "open";
  const [first = "", ...rest] = text.slice(from, end).split("\r\n");
  const match = statusLine.exec(first);
  if (match === null) return "broken";
  const fields: Array<readonly [string, string]> = [];
  for (const line of rest) {
    const field = fieldLine.exec(line);
    if (field === null) return "broken";
    fields.push([(field[1] ?? "").toLowerCase(), field[2] ?? ""]);
  }
  return { minor: match[1] ?? "", status: Number(match[2]), fields, end: end + 4 };
}

function readChunks(text: string, from: number): Pick<StrictReading, "outcome" | "body" | "end"> {
  const chunks: string[] = [];
  const ended = (outcome: StrictReading["outcome"], end: number) => ({
    outcome,
    body: Buffer.from(chunks.join(""), "latin1"),
    end,
  });
  let at = from;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return ended("open", at);
    const match = chunkLine.exec(text.slice(at, lineEnd));
    if (match === null) return ended("broken", at);
    const size = Number.parseInt(match[1] ?? "", 16);
    at = lineEnd + 2;
    if (size === 0) break;
    chunks.push(text.slice(at, at + size));
    if (text.length < at + size + 2) return ended("open", at);
    at += size;
    if (text.slice(at, at + 2) !== "\r\n") return ended("broken", at);
    at += 2;
  }
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd === -1) return ended("open", at);
    const line = text.slice(at, lineEnd);
    at = lineEnd + 2;
    if (line === "") return ended("whole", at);
    if (!fieldLine.test(line)) return ended("broken", at);
  }
}

/** Reads the first final response in `bytes`, an answer to a request with this method. */
export function readStrictly(bytes: Buffer, method: string): StrictReading {
  const text = bytes.toString("latin1");
  const none = { status: undefined, body: Buffer.alloc(0), end: 0, endsWithConnection: false };
  let head = readHead(text, 0);
  while (typeof head === "object" && head.status < 200 && head.status !== 101) head = readHead(text, head.end);
  if (typeof head === "string") return { ...none, outcome: head };
  const { status, fields, minor, end } = head;
  const lengths = fields.filter(([name]) => name === "content-length").map(([, value]) => value);
  const codings = fields.filter(([name]) => name === "transfer-encoding").map(([, value]) => value.toLowerCase());
  const isFramed = codings.length + lengths.length;
  const isDoubtful =
    isFramed > 1 ||
    codings.some((it) => it !== "chunked" || minor === "0") ||
    lengths.some((it) => !/^[0-9]+$/.test(it));
  if (status === 101 || isDoubtful) return { ...none, outcome: "broken" };
  const framed = { status, end, endsWithConnection: false };
  if (method === "HEAD" || status === 204 || status === 304) return { ...framed, outcome: "whole", body: none.body };
  if (codings.length === 1) return { ...framed, ...readChunks(text, end) };
  const body = bytes.subarray(end, end + Number(lengths[0] ?? Infinity));
  if (lengths.length === 0) return { ...framed, outcome: "open", body, endsWithConnection: true };
  const isWhole = body.length === Number(lengths[0]);
  return { ...framed, outcome: isWhole ? "whole" : "open", body, end: end + body.length };
}
