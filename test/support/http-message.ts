/**
 * An own, strict reading of HTTP/1.1 messages (RFC 9112), sharing nothing with the parsers under test: what it does
 * not understand it throws on, so that a test never passes because two parsers forgive the same mistake.
 */
import type { ByteReader, Ending } from "./byte-reader.ts";

import { EndOfBytes } from "./byte-reader.ts";

export type Field = readonly [name: string, value: string];

export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** As on the wire: order, case and duplicates kept. */
  readonly fields: readonly Field[];
  readonly body: Buffer;
}

export interface ReceivedResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: Buffer;
  readonly trailers: readonly Field[];
  /** 1xx responses that came before, without 101. */
  readonly interim: ReadonlyArray<ResponseHead>;
  readonly framing: "none" | "length" | "chunked" | "close";
  /** The body came whole by its framing. A close-delimited one is whole after FIN only. */
  readonly isComplete: boolean;
  /** How the connection ended, where the end was what ended the reading. */
  readonly ending: Ending | undefined;
}

export interface ResponseHead {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
}

/** The values of one field, in order, whatever its case. */
export function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  return fields.filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

/** The value of a field that must not occur twice. */
export function valueOf(fields: readonly Field[], name: string): string | undefined {
  const values = valuesOf(fields, name);
  if (values.length > 1) throw new Error(`field ${name} occurs ${values.length} times`);
  return values[0];
}

const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const statusLine = /^(HTTP\/1\.[01]) ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/;
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) (HTTP\/1\.[01])$/;
const digits = /^[0-9]{1,15}$/;
const chunkSize = /^[0-9A-Fa-f]{1,8}$/;

function parseFields(lines: readonly string[]): readonly Field[] {
  return lines.map((line) => {
    const match = fieldLine.exec(line);
    if (match === null) throw new Error(`not a field line: ${JSON.stringify(line)}`);
    return [match[1] ?? "", match[2] ?? ""];
  });
}

async function readLines(reader: ByteReader): Promise<string[]> {
  const head = (await reader.through("\r\n\r\n")).toString("latin1");
  return head.slice(0, -4).split("\r\n");
}

async function readTrailers(reader: ByteReader): Promise<readonly Field[]> {
  const lines: string[] = [];
  for (;;) {
    const line = (await reader.through("\r\n")).toString("latin1").slice(0, -2);
    if (line === "") return parseFields(lines);
    lines.push(line);
  }
}

/** The body's framing by its fields, refusing every doubtful one. */
function framingOf(fields: readonly Field[]): { readonly chunked: boolean; readonly length: number | undefined } {
  const codings = valuesOf(fields, "transfer-encoding");
  const length = valueOf(fields, "content-length");
  if (codings.length > 0 && (codings.length > 1 || codings[0]?.toLowerCase() !== "chunked" || length !== undefined)) {
    throw new Error(`doubtful framing: Transfer-Encoding ${codings.join(" | ")}, Content-Length ${length ?? "none"}`);
  }
  if (length !== undefined && !digits.test(length)) throw new Error(`not a Content-Length: ${length}`);
  return { chunked: codings.length === 1, length: length === undefined ? undefined : Number(length) };
}

export type TakeChunk = (chunk: Buffer) => void;

async function readCounted(reader: ByteReader, length: number, take: TakeChunk): Promise<void> {
  let left = length;
  while (left > 0) {
    const chunk = await reader.some(left);
    if (chunk === undefined) throw new EndOfBytes(reader.ending ?? "fin");
    left -= chunk.length;
    take(chunk);
  }
}

async function readChunked(reader: ByteReader, take: TakeChunk): Promise<readonly Field[]> {
  for (;;) {
    const line = (await reader.through("\r\n")).toString("latin1").slice(0, -2);
    if (!chunkSize.test(line)) throw new Error(`not a chunk size: ${JSON.stringify(line)}`);
    const size = Number.parseInt(line, 16);
    if (size === 0) return readTrailers(reader);
    await readCounted(reader, size, take);
    if ((await reader.exactly(2)).toString("latin1") !== "\r\n") throw new Error("a chunk is longer than its size");
  }
}

export type RequestHead = Omit<RecordedRequest, "body">;

export async function readRequestHead(reader: ByteReader): Promise<RequestHead> {
  const [first = "", ...rest] = await readLines(reader);
  const match = requestLine.exec(first);
  if (match === null) throw new Error(`not a request line: ${JSON.stringify(first)}`);
  return { method: match[1] ?? "", target: match[2] ?? "", version: match[3] ?? "", fields: parseFields(rest) };
}

/** Hands the request's body on piece by piece; resolves at its end. */
export async function readRequestBody(reader: ByteReader, head: RequestHead, take: TakeChunk): Promise<void> {
  const framing = framingOf(head.fields);
  if (framing.chunked) await readChunked(reader, take);
  else await readCounted(reader, framing.length ?? 0, take);
}

export async function readResponseHead(reader: ByteReader): Promise<ResponseHead> {
  const [first = "", ...rest] = await readLines(reader);
  const match = statusLine.exec(first);
  if (match === null) throw new Error(`not a status line: ${JSON.stringify(first)}`);
  return { version: match[1] ?? "", status: Number(match[2]), reason: match[3] ?? "", fields: parseFields(rest) };
}

export interface ResponseBody {
  readonly framing: ReceivedResponse["framing"];
  readonly isComplete: boolean;
  readonly ending: Ending | undefined;
  readonly trailers: readonly Field[];
}

export interface BodyContext {
  /** The method asked with: HEAD has no body whatever the fields say. */
  readonly method?: string;
  readonly take: TakeChunk;
}

/** Hands the response's body on piece by piece; a body that breaks off is a result, not an error. */
export async function readResponseBody(
  reader: ByteReader,
  head: ResponseHead,
  { method, take }: BodyContext,
): Promise<ResponseBody> {
  const { chunked, length } = framingOf(head.fields);
  if (method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304) {
    return { framing: "none", isComplete: true, ending: undefined, trailers: [] };
  }
  if (!chunked && length === undefined) {
    for (let chunk = await reader.some(); chunk !== undefined; chunk = await reader.some()) take(chunk);
    return { framing: "close", isComplete: reader.ending === "fin", ending: reader.ending, trailers: [] };
  }
  const framing = chunked ? "chunked" : "length";
  try {
    const trailers = chunked ? await readChunked(reader, take) : await readCounted(reader, length ?? 0, take);
    return { framing, isComplete: true, ending: undefined, trailers: trailers ?? [] };
  } catch (error) {
    if (!(error instanceof EndOfBytes)) throw error;
    return { framing, isComplete: false, ending: error.ending, trailers: [] };
  }
}
