import type { Exchange, Waiter } from "../exchange.ts";
import type { ByteBudget, Reservation } from "./byte-budget.ts";

import { Failure } from "../failures/failure.ts";

export interface ReadOptions {
  readonly maxBytes: number;
  /** Content-Length; null where the body is chunked. */
  readonly length: number | null;
  readonly budget: ByteBudget;
}

/**
 * Reads a request's body whole. Room for a known length is reserved before the first byte, for a chunked body as it
 * grows; the exchange holds it until it ends.
 *
 * @returns a promise that rejects with body_too_large, overloaded, client_closed, or with the reason for which the
 *   exchange was cancelled
 * @throws Failure overloaded
 */
export function readBody(exchange: Exchange, options: ReadOptions): Promise<Buffer> {
  const reservation = options.budget.reserve(options.length ?? 0);
  exchange.reservation = reservation;
  return new Promise((resolve, reject) => {
    new BodyReader(exchange, { ...options, reservation, resolve, reject }).start();
  });
}

interface ReaderOptions extends ReadOptions {
  readonly reservation: Reservation;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (reason: Error) => void;
}

class BodyReader implements Waiter {
  readonly #exchange: Exchange;
  readonly #options: ReaderOptions;
  #buffer: Buffer = nothing;
  #size = 0;
  #isDone = false;

  constructor(exchange: Exchange, options: ReaderOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  start(): void {
    const { req, res } = this.#exchange;
    this.#exchange.phase = "body";
    req.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError).on("close", this.#onClose);
    this.#exchange.bodyWait.begin();
    this.#exchange.await(this);
    if (this.#isDone) return;
    if (req.destroyed) {
      this.#onClose();
    } else if (this.#exchange.owesContinue) {
      // RFC 9110 §10.1.1: everything that could refuse the request unread has been asked.
      this.#exchange.owesContinue = false;
      res.writeContinue();
    }
  }

  cancel(reason: Error): void {
    this.#fail(reason);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#exchange.bytesIn += chunk.length;
    this.#exchange.bodyWait.received(chunk.length);
    try {
      this.#take(chunk);
    } catch (error) {
      this.#fail(error as Error);
    }
  };

  readonly #onEnd = (): void => {
    this.#stop();
    this.#options.resolve(this.#buffer.length === this.#size ? this.#buffer : this.#buffer.subarray(0, this.#size));
  };

  readonly #onError = (error: Error): void => {
    this.#fail(new Failure("client_closed", { cause: error }));
  };

  readonly #onClose = (): void => {
    this.#fail(new Failure("client_closed"));
  };

  #take(chunk: Buffer): void {
    const { maxBytes, length, reservation } = this.#options;
    const size = this.#size + chunk.length;
    if (size > maxBytes) throw new Failure("body_too_large", { close: true });
    if (this.#size === 0) {
      // Most bodies are one chunk: those are not copied.
      reservation.ensure(size);
      this.#buffer = chunk;
    } else {
      this.#grow(size, length ?? Math.min(maxBytes, Math.max(size, 2 * this.#buffer.length)));
      chunk.copy(this.#buffer, this.#size);
    }
    this.#size = size;
  }

  /** One buffer, not a list of chunks: a client that sends byte by byte must not cost an object for each. */
  #grow(size: number, capacity: number): void {
    if (size <= this.#buffer.length) return;
    this.#options.reservation.ensure(capacity);
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(larger, 0, 0, this.#size);
    this.#buffer = larger;
  }

  #fail(reason: Error): void {
    if (this.#isDone) return;
    this.#stop();
    this.#exchange.req.pause();
    this.#buffer = nothing;
    this.#options.reject(reason);
  }

  #stop(): void {
    this.#isDone = true;
    const { req } = this.#exchange;
    req.off("data", this.#onData).off("end", this.#onEnd).off("error", this.#onError).off("close", this.#onClose);
    this.#exchange.settle();
  }
}

const nothing = Buffer.alloc(0);
