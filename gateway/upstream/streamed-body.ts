import { Readable } from "node:stream";

import type { Exchange } from "../exchange.ts";

import { Failure } from "../failures/failure.ts";

/** Hears whom a streamed body waits for. */
export interface StreamObserver {
  /** The upstream takes no more for now. */
  upstreamIsFull(): void;
  /** The upstream takes bytes; the client's are awaited. */
  clientIsAwaited(): void;
}

/**
 * The client's request body on its way upstream. It stands between the two, because the HTTP client destroys the
 * stream it was given whenever an attempt ends, and destroying the request itself would take the client's connection
 * with it before we had answered.
 */
export class StreamedBody extends Readable {
  readonly #exchange: Exchange;
  readonly #observer: StreamObserver;
  readonly #maxBytes: number;
  #isAttached = false;

  constructor(exchange: Exchange, maxBytes: number, observer: StreamObserver) {
    super({ highWaterMark: 65_536 });
    this.#exchange = exchange;
    this.#observer = observer;
    this.#maxBytes = maxBytes;
  }

  override _read(): void {
    if (!this.#isAttached) this.#attach();
    this.#exchange.req.resume();
  }

  // The HTTP client pauses this stream when the upstream's socket is full: the one place where that can be seen.
  override pause(): this {
    this.#observer.upstreamIsFull();
    return super.pause();
  }

  override resume(): this {
    this.#observer.clientIsAwaited();
    return super.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const { req } = this.#exchange;
    req.off("data", this.#onData).off("end", this.#onEnd);
    req.pause();
    callback(error);
  }

  #attach(): void {
    this.#isAttached = true;
    const { req, res } = this.#exchange;
    if (this.#exchange.owesContinue) {
      this.#exchange.owesContinue = false;
      res.writeContinue();
    }
    req.on("data", this.#onData).on("end", this.#onEnd);
  }

  readonly #onData = (chunk: Buffer): void => {
    const exchange = this.#exchange;
    exchange.bytesIn += chunk.length;
    exchange.bodyWait.received(chunk.length);
    if (exchange.bytesIn > this.#maxBytes) {
      exchange.cancel(new Failure("body_too_large", { close: true }));
      return;
    }
    if (!this.push(chunk)) exchange.req.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };
}
