import { numberAt, startsWith, textAt } from "./field-bytes.ts";

type State = "head" | "fixed" | "chunk-size" | "chunk-data" | "chunk-end" | "trailers" | "until-close" | Final;
type Final = "whole" | "broken";

const endOfHead = Buffer.from("\r\n\r\n");
const endOfLine = Buffer.from("\r\n");
const versionStart = Buffer.from("HTTP/1.");
const maxHeadBytes = 64 * 1024;
/** Of a problem's body; `code` stands in front. */
const maxProblemBytes = 4 * 1024;
const codeStart = Buffer.from('"code":"');
const quote = 0x22;

const contentLength = Buffer.from("content-length:");
const contentType = Buffer.from("content-type:");
const connection = Buffer.from("connection:");
const transferEncoding = Buffer.from("transfer-encoding:");
const retryAfter = Buffer.from("retry-after:");
/** As Node, Apache and others write it. */
const keepAlive = Buffer.from("keep-alive: timeout=");
const comma = 0x2c;

/**
 * Reads one HTTP/1.1 response after another, however its bytes are split (RFC 9112 §6.3), and keeps no more of it
 * than the load generator counts. Works on bytes: at 20,000 responses a second a string for each head would be most
 * of the work.
 */
export class ResponseParser {
  status = 0;
  /** Whole seconds of at least 1. */
  retryAfterSeconds: number | undefined;
  /** Of a problem body (RFC 9457). */
  code: string | undefined;
  /** Nothing may follow on this connection. */
  closes = false;
  /** How long the server says it keeps the connection when idle (RFC 2068 §19.7.1); Infinity where it does not. */
  keepAliveMs = Infinity;
  #state: State = "head";
  #isHeadRequest = false;
  #isProblem = false;
  #missing = 0;
  /** The beginning of a head, of a chunk's size or of a trailer line, until its end has come. */
  #held: Buffer | undefined;
  #problem: Buffer | undefined;

  /** Before each request: what is awaited now. */
  begin(isHeadRequest: boolean): void {
    this.#isHeadRequest = isHeadRequest;
    this.#held = undefined;
    this.#beginHead();
  }

  /** Bytes after the end of the response are an answer to nothing: the connection can not be used again. */
  feed(bytes: Buffer): State {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "whole") {
        this.closes = true;
        break;
      }
      if (this.#state === "broken") break;
      at = this.#step(bytes, at);
    }
    return this.#state;
  }

  /** The other side has closed. */
  end(): Final {
    if (this.#state === "until-close") this.#finish();
    return this.#state === "whole" ? "whole" : "broken";
  }

  #beginHead(): void {
    this.#state = "head";
    this.status = 0;
    this.retryAfterSeconds = undefined;
    this.code = undefined;
    this.closes = false;
    this.keepAliveMs = Infinity;
    this.#isProblem = false;
    this.#missing = -1;
    this.#problem = undefined;
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case "head":
        return this.#upTo(endOfHead, bytes, at);
      case "chunk-size":
      case "chunk-end":
      case "trailers":
        return this.#upTo(endOfLine, bytes, at);
      case "fixed":
      case "chunk-data":
        return this.#readBody(bytes, at);
      case "until-close":
        this.#keep(bytes, at, bytes.length);
        return bytes.length;
      case "whole":
      case "broken":
        return bytes.length;
    }
  }

  /** Reads as far as a delimiter, which may have come in part with earlier bytes. */
  #upTo(delimiter: Buffer, bytes: Buffer, at: number): number {
    if (this.#held === undefined) {
      const end = bytes.indexOf(delimiter, at);
      if (end === -1) return this.#hold(bytes.subarray(at), bytes.length);
      this.#readDelimited(bytes, at, end);
      return end + delimiter.length;
    }
    const before = this.#held.length;
    const held = Buffer.concat([this.#held, bytes.subarray(at)]);
    const end = held.indexOf(delimiter, Math.max(0, before - delimiter.length + 1));
    if (end === -1) return this.#hold(held, bytes.length);
    this.#held = undefined;
    this.#readDelimited(held, 0, end);
    return at + end + delimiter.length - before;
  }

  #hold(held: Buffer, end: number): number {
    if (held.length > maxHeadBytes) this.#state = "broken";
    // A copy: the bytes that came lie in a buffer that all connections share.
    else this.#held = Buffer.from(held);
    return end;
  }

  #readDelimited(bytes: Buffer, at: number, end: number): void {
    if (this.#state === "head") this.#readHead(bytes, at, end);
    else if (this.#state === "chunk-size") this.#readChunkSize(bytes.toString("latin1", at, end));
    else if (this.#state === "chunk-end") this.#state = end === at ? "chunk-size" : "broken";
    else if (end === at) this.#finish();
  }

  #readHead(bytes: Buffer, at: number, end: number): void {
    const isHttp = startsWith(bytes, at, versionStart) && bytes[at + 8] === 0x20;
    this.status = isHttp ? (numberAt(bytes, at + 9, at + 12) ?? 0) : 0;
    if (this.status < 100) {
      this.#state = "broken";
      return;
    }
    if (this.status < 200) {
      this.#beginHead();
      return;
    }
    this.closes = bytes[at + 7] === 0x30;
    this.#state = "until-close";
    this.#readFields(bytes, at, end);
    this.#beginBody();
  }

  #readFields(bytes: Buffer, at: number, end: number): void {
    for (let line = bytes.indexOf(10, at) + 1; line > at && line < end; line = bytes.indexOf(10, line) + 1) {
      this.#readField(bytes, line, bytes.indexOf(13, line));
    }
  }

  #readField(bytes: Buffer, at: number, end: number): void {
    switch ((bytes[at] ?? 0) | 0x20) {
      case 0x63:
        if (startsWith(bytes, at, contentLength)) {
          const length = numberAt(bytes, at + contentLength.length, end) ?? -2;
          // Two lengths, or none that can be read: nobody knows where the answer ends.
          if (length < 0 || (this.#missing >= 0 && this.#missing !== length)) this.#state = "broken";
          else this.#missing = length;
        } else if (startsWith(bytes, at, contentType)) {
          this.#isProblem = textAt(bytes, at + contentType.length, end).startsWith("application/problem+json");
        } else if (startsWith(bytes, at, connection)) {
          if (/\bclose\b/.test(textAt(bytes, at + connection.length, end))) this.closes = true;
        }
        return;
      case 0x74:
        if (startsWith(bytes, at, transferEncoding) && textAt(bytes, at, end).endsWith("chunked")) {
          this.#state = "chunk-size";
        }
        return;
      case 0x6b:
        this.keepAliveMs = Math.min(this.keepAliveMs, keepAliveAt(bytes, at, end));
        return;
      case 0x72:
        if (startsWith(bytes, at, retryAfter)) {
          this.retryAfterSeconds = numberAt(bytes, at + retryAfter.length, end) || undefined;
        }
    }
  }

  #beginBody(): void {
    if (this.#state === "broken") return;
    if (this.#isHeadRequest || this.status === 204 || this.status === 304) this.#finish();
    else if (this.#state === "chunk-size") return;
    else if (this.#missing === 0) this.#finish();
    else if (this.#missing > 0) this.#state = "fixed";
    else this.closes = true;
  }

  #readChunkSize(line: string): void {
    const digits = /^[0-9a-f]{1,8}(?=\s*(?:;|$))/i.exec(line)?.[0];
    this.#missing = digits === undefined ? -1 : Number.parseInt(digits, 16);
    if (this.#missing < 0) this.#state = "broken";
    else this.#state = this.#missing === 0 ? "trailers" : "chunk-data";
  }

  #readBody(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#missing);
    this.#keep(bytes, at, end);
    this.#missing -= end - at;
    if (this.#missing > 0) return end;
    if (this.#state === "fixed") this.#finish();
    else this.#state = "chunk-end";
    return end;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    if (!this.#isProblem) return;
    const earlier = this.#problem ?? Buffer.alloc(0);
    const room = maxProblemBytes - earlier.length;
    if (room > 0) this.#problem = Buffer.concat([earlier, bytes.subarray(at, Math.min(end, at + room))]);
  }

  #finish(): void {
    this.#state = "whole";
    const start = this.#problem?.indexOf(codeStart) ?? -1;
    if (this.#problem === undefined || start === -1) return;
    const end = this.#problem.indexOf(quote, start + codeStart.length);
    if (end !== -1) this.code = this.#problem.toString("latin1", start + codeStart.length, end);
  }
}

/** In milliseconds; Infinity where the field is another or does not begin with a time. */
function keepAliveAt(bytes: Buffer, at: number, end: number): number {
  if (!startsWith(bytes, at, keepAlive)) return Infinity;
  const next = bytes.indexOf(comma, at);
  const seconds = numberAt(bytes, at + keepAlive.length, next === -1 ? end : Math.min(next, end));
  return seconds === undefined ? Infinity : seconds * 1000;
}
