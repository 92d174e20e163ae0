import type { Transform } from "node:stream";

import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";

import type { Exchange, Waiter } from "../exchange/exchange.ts";
import type { Reservation } from "./byte-budget.ts";

import { Failure } from "../failures/failure.ts";

export type ContentCoding = "gzip" | "deflate" | "br" | "zstd";

export interface InflateOptions {
  readonly coding: ContentCoding;
  readonly maxBytes: number;
  /** Bytes out for each byte in, at most. */
  readonly maxRatio: number;
  /** Grows with what comes out. */
  readonly reservation: Pick<Reservation, "ensure">;
}

/**
 * Undoes a body's content coding (RFC 9110 §8.4.1) so that it can be checked. Off the event loop and piece by piece:
 * a bomb is stopped at the bound, not after it went off. What comes out counts in the budget of buffered bytes.
 *
 * @returns a promise that rejects with malformed_body, body_too_large, overloaded, or the reason for which the exchange
 *   was cancelled
 */
export function inflate(exchange: Inflating, bytes: Buffer, options: InflateOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    new Inflation(exchange, bytes, { ...options, resolve, reject }).start();
  });
}

/** The exchange that waits for it. */
export type Inflating = Pick<Exchange, "await" | "settle">;

interface InflationOptions extends InflateOptions {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (reason: Error) => void;
}

class Inflation implements Waiter {
  readonly #exchange: Inflating;
  readonly #bytes: Buffer;
  readonly #options: InflationOptions;
  readonly #stream: Transform & { readonly bytesWritten: number };
  readonly #pieces: Buffer[] = [];
  #size = 0;
  #isDone = false;

  constructor(exchange: Inflating, bytes: Buffer, options: InflationOptions) {
    this.#exchange = exchange;
    this.#bytes = bytes;
    this.#options = options;
    this.#stream = decoders[options.coding]();
  }

  start(): void {
    this.#stream.on("data", this.#onData).on("end", this.#onEnd).on("error", this.#onError);
    this.#exchange.await(this);
    if (!this.#isDone) this.#stream.end(this.#bytes);
  }

  cancel(reason: Error): void {
    this.#fail(reason);
  }

  readonly #onData = (piece: Buffer): void => {
    const { maxBytes, maxRatio } = this.#options;
    this.#size += piece.length;
    if (this.#size > maxBytes || this.#size > maxRatio * this.#bytes.length) {
      this.#fail(new Failure("body_too_large", { detail: "The request body is too large once it is decompressed." }));
      return;
    }
    try {
      // Twice, for at its end the pieces are put together.
      this.#options.reservation.ensure(2 * this.#size);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#pieces.push(piece);
  };

  readonly #onEnd = (): void => {
    // What stands after the compressed data is ignored by one reader and read by the next.
    if (this.#stream.bytesWritten !== this.#bytes.length) {
      this.#fail(this.#malformed());
      return;
    }
    if (this.#isDone) return;
    this.#isDone = true;
    this.#exchange.settle();
    this.#options.resolve(Buffer.concat(this.#pieces, this.#size));
  };

  readonly #onError = (error: Error): void => {
    this.#fail(this.#malformed(error));
  };

  #malformed(cause?: Error): Failure {
    const detail = `The request body is not valid ${this.#options.coding} data.`;
    return new Failure("malformed_body", cause === undefined ? { detail } : { detail, cause });
  }

  /** An error of the stream may come after the end: its listener stays. */
  #fail(reason: Error): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#pieces.length = 0;
    this.#stream.destroy();
    this.#exchange.settle();
    this.#options.reject(reason);
  }
}

const chunkSize = 64 * 1024;
const decoders = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  br: () => createBrotliDecompress({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
} as const;
