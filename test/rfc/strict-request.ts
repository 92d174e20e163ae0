/**
 * What requests a client's bytes are, by an own reading of RFC 9112 that shares nothing with the parser under test. It
 * reads as far as the bytes can be read in one way only, and where RFC 9112 lets a server be patient (empty lines before
 * a request, spaces in its first line) it is. It judges no request: which of them are served is not its business.
 */
import { createHash } from "node:crypto";

export interface ReadRequest {
  readonly method: string;
  /** In origin form. */
  readonly target: string;
  /** SHA-256 of the body, in hex. */
  readonly bodyHash: string;
}

export function sha256(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) +([\x21-\x7e]+) +HTTP\/1\.([01])$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const chunkLine = /^([0-9A-Fa-f]{1,12})(?:;[\t\x20-\x7e\x80-\xff]*)?$/;

type Fields = ReadonlyArray<readonly [name: string, value: string]>;

/** Goes through the bytes; undefined means that they cannot be read further. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Empty lines before a request (RFC 9112 §2.2); Node skips a CR or LF of itself there, too. */
  skipEmptyLines(): void {
    while (this.#bytes[this.#at] === 0x0a || this.#bytes[this.#at] === 0x0d) this.#at += 1;
  }

  line(): string | undefined {
    const end = this.#bytes.indexOf("\r\n", this.#at);
    if (end === -1) return undefined;
    const line = this.#bytes.toString("latin1", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  take(length: number): Buffer | undefined {
    if (this.#at + length > this.#bytes.length) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  fields(): Fields | undefined {
    const fields: Array<readonly [string, string]> = [];
    for (;;) {
      const line = this.line();
      if (line === "") return fields;
      const match = line === undefined ? null : fieldLine.exec(line);
      if (match === null) return undefined;
      fields.push([(match[1] ?? "").toLowerCase(), match[2] ?? ""]);
    }
  }
}

/** The requests that the bytes are, in their order. */
export function readRequests(bytes: Buffer): readonly ReadRequest[] {
  const cursor = new Cursor(bytes);
  const requests: ReadRequest[] = [];
  for (;;) {
    cursor.skipEmptyLines();
    const first = requestLine.exec(cursor.line() ?? "");
    const fields = first === null ? undefined : cursor.fields();
    if (first === null || fields === undefined) return requests;
    const [, method = "", target = "", minor] = first;
    const body = readBody(cursor, fields, minor === "0");
    if (body === undefined) return requests;
    requests.push({ method, target: originForm(target, method), bodyHash: sha256(body) });
    if (isLast(fields, minor === "0")) return requests;
  }
}

function readBody(cursor: Cursor, fields: Fields, isOld: boolean): Buffer | undefined {
  const codings = valuesOf(fields, "transfer-encoding");
  const lengths = valuesOf(fields, "content-length");
  if (codings.length + lengths.length > 1) return undefined;
  if (codings.length === 1) return isOld || codings[0]?.toLowerCase() !== "chunked" ? undefined : readChunks(cursor);
  const [length = "0"] = lengths;
  return /^[0-9]{1,12}$/.test(length) ? cursor.take(Number(length)) : undefined;
}

function readChunks(cursor: Cursor): Buffer | undefined {
  const chunks: Buffer[] = [];
  for (;;) {
    const size = chunkLine.exec(cursor.line() ?? "")?.[1];
    if (size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    if (length === 0) return cursor.fields() === undefined ? undefined : Buffer.concat(chunks);
    const chunk = cursor.take(length);
    if (chunk === undefined || cursor.line() !== "") return undefined;
    chunks.push(chunk);
  }
}

/** Whether nothing behind this request is one (RFC 9112 §9.3). */
function isLast(fields: Fields, isOld: boolean): boolean {
  const options = new Set(
    valuesOf(fields, "connection").flatMap((value) => value.toLowerCase().split(/[ \t]*,[ \t]*/)),
  );
  return options.has("close") || (isOld && !options.has("keep-alive"));
}

function valuesOf(fields: Fields, name: string): readonly string[] {
  return fields.filter(([candidate]) => candidate === name).map(([, value]) => value);
}

function originForm(target: string, method: string): string {
  const rest = /^https?:\/\/[^/?#]*(.*)$/i.exec(target)?.[1];
  if (rest === undefined || rest.startsWith("/")) return rest ?? target;
  return rest === "" && method === "OPTIONS" ? "*" : `/${rest}`;
}
