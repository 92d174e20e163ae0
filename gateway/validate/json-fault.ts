import { isUtf8 } from "node:buffer";

import { Failure } from "../failures/failure.ts";

/** Deepest nesting of arrays and objects that is read. */
export const maxDepth = 64;

/**
 * Reads a JSON text byte by byte and names its first fault. Slower than JSON.parse, so for texts that were refused
 * already: JSON.parse says where a fault is in words only, and does not see all that we refuse.
 *
 * @throws Failure malformed_body
 */
export function refuseJsonFault(bytes: Buffer): void {
  if (!isUtf8(bytes)) throw malformed("bytes that are not UTF-8", utf8FaultOffset(bytes));
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) throw malformed("a byte order mark", 0);
  const scanner = new Scanner(bytes);
  scanner.value(0);
  scanner.end();
}

class Scanner {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(depth: number): void {
    this.#skipSpace();
    const first = this.#bytes[this.#at];
    if (first === quote) this.#string();
    else if (first === openBrace || first === openBracket) this.#container(first, depth + 1);
    else this.#scalar();
    this.#skipSpace();
  }

  end(): void {
    if (this.#at < this.#bytes.length) throw malformed("text after the value", this.#at);
  }

  #container(open: number, depth: number): void {
    if (depth > maxDepth) throw malformed(`nesting deeper than ${maxDepth} levels`, this.#at);
    const isObject = open === openBrace;
    const close = isObject ? closeBrace : closeBracket;
    const names = new Set<string>();
    this.#at++;
    this.#skipSpace();
    if (this.#bytes[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      if (isObject) this.#name(names);
      this.value(depth);
      const next = this.#bytes[this.#at];
      if (next !== comma && next !== close) throw this.#unexpected();
      this.#at++;
      if (next === close) return;
    }
  }

  #name(names: Set<string>): void {
    this.#skipSpace();
    const start = this.#at;
    if (this.#bytes[start] !== quote) throw this.#unexpected();
    this.#string();
    const name = JSON.parse(this.#bytes.toString("utf8", start, this.#at)) as string;
    if (names.has(name)) throw malformed("a repeated member name", start);
    if (name === "__proto__") throw malformed("a member name that is not allowed", start);
    names.add(name);
    this.#skipSpace();
    if (this.#bytes[this.#at] !== colon) throw this.#unexpected();
    this.#at++;
  }

  #string(): void {
    for (let i = this.#at + 1; i < this.#bytes.length; i++) {
      const byte = this.#bytes[i] ?? 0;
      if (byte === quote) {
        this.#at = i + 1;
        return;
      }
      if (byte < 0x20) throw malformed("an unescaped control character", i);
      if (byte === backslash) i += this.#escapeLength(i);
    }
    throw malformed("an unexpected end", this.#bytes.length);
  }

  /** Bytes of an escape after its backslash. */
  #escapeLength(at: number): number {
    const escape = /^(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/.exec(this.#bytes.toString("latin1", at + 1, at + 6));
    if (escape !== null) return escape[0].length;
    if (at + 1 >= this.#bytes.length) throw malformed("an unexpected end", this.#bytes.length);
    throw malformed("a faulty escape", at);
  }

  #scalar(): void {
    const start = this.#at;
    let end = start;
    while (end < this.#bytes.length && isScalarByte(this.#bytes[end] ?? 0)) end++;
    const text = this.#bytes.toString("latin1", start, end);
    if (!/^(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)$/.test(text)) {
      throw this.#unexpected();
    }
    this.#at = end;
  }

  #skipSpace(): void {
    let byte = this.#bytes[this.#at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.#bytes[++this.#at];
  }

  #unexpected(): Failure {
    return malformed(this.#at < this.#bytes.length ? "unexpected text" : "an unexpected end", this.#at);
  }
}

function isScalarByte(byte: number): boolean {
  const isLetterOrDigit = (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
  return isLetterOrDigit || byte === 0x2b || byte === 0x2d || byte === 0x2e;
}

/** Decoding puts U+FFFD where the first fault is; one that was sent as such has its own three bytes. */
function utf8FaultOffset(bytes: Buffer): number {
  const text = bytes.toString("utf8");
  let offset = 0;
  let from = 0;
  for (let i = text.indexOf("\ufffd"); i !== -1; i = text.indexOf("\ufffd", from)) {
    offset += Buffer.byteLength(text.slice(from, i));
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) break;
    offset += 3;
    from = i + 1;
  }
  return offset;
}

function malformed(what: string, offset: number): Failure {
  return new Failure("malformed_body", { detail: `The request body is not valid JSON: ${what} at byte ${offset}.` });
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
