import type { ResponseHead } from "../http1/response-head.ts";
import type { WireRule } from "../http1/rules.ts";

import { owned } from "../http1/read-buffer.ts";
import { ChunkedDecoder } from "../http1/chunked.ts";
import { chunked, responseFraming, untilClose } from "../http1/framing.ts";
import { HeadReader } from "../http1/head-reader.ts";
import { parseResponseHead } from "../http1/response-head.ts";
import { Failure, WireError } from "../failures/failure.ts";
import { wireRules } from "../http1/rules.ts";

/** Response header sections over this are refused with upstream_headers_too_large. Bytes. */
export const maxResponseHeaderBytes = 65_536;

/** Takes one response as it is read. Any call may end the reading by `ResponseReader.stop`. */
export interface ResponseConsumer {
  /** A 1xx, 101 included. */
  interim(head: ResponseHead): void;
  /** The final head. `isDelimited`: a length or a last chunk marks the body's end, not the end of the connection. */
  head(head: ResponseHead, isDelimited: boolean): void;
  data(chunk: Buffer): void;
  /** The body is complete. `surplus`: bytes behind it that nobody asked for; the connection is of no more use. */
  end(surplus: number): void;
  /** What came is no HTTP/1.1 response. */
  refused(rule: WireRule): void;
}

/** Reads the responses on one upstream connection, one at a time. */
export class ResponseReader {
  readonly #heads: HeadReader;
  #state: "none" | "head" | "body" = "none";
  #method = "";
  #consumer: ResponseConsumer | undefined;
  /** Bytes of the body still to come; Infinity where it ends with the connection. */
  #left = 0;
  #decoder: ChunkedDecoder | undefined;

  /** @param maxHeadBytes a longer head is refused as `head_too_large` */
  constructor(maxHeadBytes: number) {
    this.#heads = new HeadReader("response", maxHeadBytes);
  }

  /** A response is awaited. */
  get isAwaiting(): boolean {
    return this.#state !== "none";
  }

  /** What is read next answers a request of this method. */
  begin(method: string, consumer: ResponseConsumer): void {
    this.#state = "head";
    this.#method = method;
    this.#consumer = consumer;
  }

  /** Nothing more is handed over. */
  stop(): void {
    this.#state = "none";
    this.#consumer = this.#decoder = undefined;
    this.#heads.reset();
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state === "head") at = this.#readHead(chunk, at);
    if (at >= chunk.length || this.#state !== "body") return;
    if (this.#decoder === undefined) this.#readLength(at === 0 ? chunk : chunk.subarray(at));
    else this.#readChunked(chunk, at, this.#decoder);
  }

  /** The connection has ended with FIN. Whether that completes the response. */
  endsWithConnection(): boolean {
    return this.#state === "body" && this.#left === Infinity && this.#decoder === undefined;
  }

  /** Returns where to read on. */
  #readHead(chunk: Buffer, at: number): number {
    const next = this.#heads.read(chunk, at);
    if (next === -1) return chunk.length;
    if (next === -2) return this.#refuse(this.#heads.rule, chunk);
    const head = parseResponseHead(this.#heads.text);
    if (typeof head === "string") return this.#refuse(head, chunk);
    const framing = responseFraming(head, this.#method);
    if (typeof framing === "string") return this.#refuse(framing, chunk);
    if (head.status < 200) this.#consumer?.interim(head);
    else this.#begun(head, framing, chunk.length - next);
    return next;
  }

  #begun(head: ResponseHead, framing: number, behind: number): void {
    this.#state = "body";
    this.#left = framing < 0 ? Infinity : framing;
    this.#decoder = framing === chunked ? new ChunkedDecoder("drop") : undefined;
    this.#consumer?.head(head, framing !== untilClose);
    if (framing === 0 && this.#state === "body") this.#end(behind);
  }

  #readLength(data: Buffer): void {
    const surplus = data.length - this.#left;
    this.#left -= Math.min(this.#left, data.length);
    this.#consumer?.data(owned(surplus > 0 ? data.subarray(0, data.length - surplus) : data));
    if (this.#left === 0 && this.#state === "body") this.#end(Math.max(0, surplus));
  }

  #readChunked(chunk: Buffer, from: number, decoder: ChunkedDecoder): void {
    const at = decoder.read(chunk, from);
    if (decoder.data !== undefined) this.#consumer?.data(owned(decoder.data));
    // The consumer may have given it up.
    if (this.#state !== "body") return;
    if (at < 0) return void this.#refuse(decoder.rule, chunk);
    // What such trailers say is not acted on; who else reads this connection may have done so: no response follows.
    if (decoder.isEnded) this.#end(chunk.length - at + (decoder.namesHop ? 1 : 0));
  }

  #end(surplus: number): void {
    const consumer = this.#consumer;
    this.stop();
    consumer?.end(surplus);
  }

  #refuse(rule: WireRule, chunk: Buffer): number {
    const consumer = this.#consumer;
    this.stop();
    consumer?.refused(rule);
    return chunk.length;
  }
}

/** What a response is that breaks a rule of the wire, before its head was read (`isAnswered` false) or after. */
export function wireFailure(rule: WireRule, isAnswered: boolean): Failure {
  const cause = new WireError(rule, wireRules[rule]);
  const isTooLarge = rule === "head_too_large" || rule === "first_line_too_large";
  if (isTooLarge) return new Failure("upstream_headers_too_large", { cause });
  return new Failure(isAnswered ? "upstream_incomplete" : "upstream_protocol_error", { cause });
}
