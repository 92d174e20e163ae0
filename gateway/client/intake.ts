import type { Failure } from "../failures/failure.ts";
import type { RequestHead } from "../http1/request-head.ts";

import { chunked, requestFraming } from "../http1/framing.ts";
import { ownedAlone } from "../http1/read-buffer.ts";
import { HeadReader } from "../http1/head-reader.ts";
import { parseRequestHead } from "../http1/request-head.ts";
import { connectRefusal, noHead, wireFailure } from "./wire-failure.ts";

/** A request head and what it says of the body's length. With `failure` it is refused unserved. */
export interface ReadHead {
  readonly head: RequestHead;
  /** Length of the body, or `chunked`. */
  readonly framing: number;
  readonly failure?: Failure;
}

/** What has arrived on a client connection and has not been handed on: bytes, and the beginning of a head. */
export class Intake {
  readonly #heads: HeadReader;
  /** Bytes that have not been parsed; never empty. */
  bytes: Buffer | undefined;

  constructor(maxHeadBytes: number) {
    this.#heads = new HeadReader("request", maxHeadBytes);
  }

  /** A head has begun to arrive. */
  get hasHead(): boolean {
    return this.#heads.heldBytes > 0;
  }

  /** More has arrived than a body of this framing. */
  hasMoreThan(framing: number): boolean {
    return this.bytes !== undefined && framing !== chunked && this.bytes.length > framing;
  }

  append(chunk: Buffer): void {
    this.bytes = this.bytes === undefined ? chunk : Buffer.concat([this.bytes, chunk]);
  }

  /** Takes the first `count` bytes; undefined where fewer have arrived. */
  take(count: number): Buffer | undefined {
    const { bytes } = this;
    if (bytes === undefined || bytes.length < count) return undefined;
    this.drop(count);
    return bytes.length === count ? bytes : bytes.subarray(0, count);
  }

  /** The first `count` bytes have been read. */
  drop(count: number): void {
    const { bytes } = this;
    this.bytes = bytes === undefined || bytes.length <= count ? undefined : bytes.subarray(count);
  }

  /** What is left stays for longer than the read. */
  own(): void {
    if (this.bytes !== undefined) this.bytes = ownedAlone(this.bytes);
  }

  /** Forgets everything. */
  clear(): void {
    this.bytes = undefined;
    this.#heads.reset();
  }

  /** Reads a request head off the bytes; undefined where more are needed. */
  readHead(maxHeadBytes: number): ReadHead | undefined {
    const { bytes } = this;
    if (bytes === undefined) return undefined;
    this.bytes = undefined;
    this.#heads.maxBytes = maxHeadBytes;
    const end = this.#heads.read(bytes, 0);
    if (end === -1) return undefined;
    if (end === -2) return { head: noHead, framing: 0, failure: wireFailure(this.#heads.rule) };
    if (end < bytes.length) this.bytes = ownedAlone(bytes.subarray(end));
    const { text } = this.#heads;
    // Or an idle connection would keep its last head.
    this.#heads.reset();
    return judged(parseRequestHead(text));
  }
}

function judged(head: ReturnType<typeof parseRequestHead>): ReadHead {
  if (typeof head === "string") return { head: noHead, framing: 0, failure: wireFailure(head) };
  const framing = requestFraming(head);
  if (typeof framing === "string") return { head, framing: 0, failure: wireFailure(framing) };
  if (head.method === "CONNECT") return { head, framing: 0, failure: connectRefusal() };
  return { head, framing };
}
