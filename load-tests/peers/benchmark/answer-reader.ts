import type { ExpectedAnswer } from "./slice.ts";

import { eventMark, eventTimeDigits } from "../workloads.ts";

const endOfHead = Buffer.from("\r\n\r\n");
const lastChunk = "\n0\r\n\r\n";
const empty = Buffer.alloc(0);

/**
 * Reads the answers of one connection, one after another. It does no I/O. `read` throws an Error at an answer that is
 * not the expected one; the reader is of no use thereafter.
 */
export class AnswerReader {
  readonly #expected: ExpectedAnswer;
  /** Called for each event with the time at which the service wrote it, in µs; NaN where two reads share the time. */
  readonly #onEvent: (writtenAtMicroseconds: number) => void;
  #head: Buffer = empty;
  /** Bytes of the body that are missing, or undefined while the head is read, or "chunked". */
  #missing: number | "chunked" | undefined;
  #tail = "";
  #events = 0;

  constructor(expected: ExpectedAnswer, onEvent: (writtenAtMicroseconds: number) => void) {
    this.#expected = expected;
    this.#onEvent = onEvent;
  }

  /** Takes the next bytes; true if the answer is whole. */
  read(bytes: Buffer): boolean {
    if (this.#missing === undefined) return this.#readHead(bytes);
    if (this.#missing === "chunked") return this.#readChunks(bytes);
    return this.#readBody(bytes.length, this.#missing);
  }

  #readHead(bytes: Buffer): boolean {
    const head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = head.indexOf(endOfHead);
    if (end === -1) {
      this.#head = head;
      return false;
    }
    this.#head = empty;
    const missing = framingOf(head.toString("latin1", 0, end), this.#expected);
    const body = head.subarray(end + endOfHead.length);
    this.#missing = missing;
    return missing === "chunked" ? this.#readChunks(body) : this.#readBody(body.length, missing);
  }

  #readBody(length: number, missing: number): boolean {
    if (length > missing) throw new Error("more bytes came than the answer has");
    this.#missing = length === missing ? undefined : missing - length;
    return this.#missing === undefined;
  }

  #readChunks(bytes: Buffer): boolean {
    for (let at = bytes.indexOf(eventMark); at !== -1; at = bytes.indexOf(eventMark, at + 1)) {
      this.#events += 1;
      this.#onEvent(at < eventTimeDigits ? Number.NaN : Number(bytes.toString("latin1", at - eventTimeDigits, at)));
    }
    this.#tail = `${this.#tail}${bytes.toString("latin1", Math.max(0, bytes.length - lastChunk.length))}`.slice(
      -lastChunk.length,
    );
    if (this.#tail !== lastChunk) return false;
    const events = this.#events;
    this.#missing = undefined;
    this.#tail = "";
    this.#events = 0;
    if (events !== this.#expected.events) throw new Error(`a stream of ${events} events`);
    return true;
  }
}

function framingOf(head: string, { status, bodyBytes, events }: ExpectedAnswer): number | "chunked" {
  const [statusLine = ""] = head.split("\r\n", 1);
  if (!statusLine.startsWith(`HTTP/1.1 ${status} `)) throw new Error(`'${statusLine}' in place of ${status}`);
  if (events !== undefined) {
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) return "chunked";
    throw new Error("a stream without chunked coding");
  }
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error("an answer without Content-Length");
  if (bodyBytes !== undefined && Number(length) !== bodyBytes) throw new Error(`a body of ${length} bytes`);
  return Number(length);
}
