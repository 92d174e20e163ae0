import type { TimerHandle } from "../exchange/clock.ts";
import type { BodyConsumer, Exchange, Waiter } from "../exchange/exchange.ts";
import type { ByteBudget, Reservation } from "./byte-budget.ts";

import { Failure } from "../failures/failure.ts";

export interface ReadOptions {
  readonly maxBytes: number;
  /** Content-Length; null where the body is chunked. */
  readonly length: number | null;
  readonly budget: ByteBudget;
}

/** The first bytes of a body, or all of it. */
export interface ReadBytes {
  readonly bytes: Buffer;
  readonly isComplete: boolean;
}

/**
 * Reads a request's body whole. Its bytes are reserved as they arrive; the exchange holds them until it ends. A body
 * that has arrived already is returned at once.
 *
 * @returns the body, or a promise that rejects with body_too_large, overloaded, or with the reason for which the exchange
 *   was cancelled
 * @throws Failure body_too_large, overloaded
 */
export function readBody(exchange: Exchange, options: ReadOptions): Buffer | Promise<Buffer> {
  const whole = takeWhole(exchange, options);
  if (whole !== undefined) return whole;
  return read(exchange, { ...options, enoughBytes: Infinity, enoughMs: Infinity }).then(({ bytes }) => bytes);
}

/** How much of a body is read before it is forwarded, and for how long at most. */
export interface BeginningOptions extends ReadOptions {
  readonly enoughBytes: number;
  readonly enoughMs: number;
}

/** Reads the beginning of a body that is to be forwarded as it comes. Failures as `readBody`. */
export function readBeginning(exchange: Exchange, options: BeginningOptions): ReadBytes | Promise<ReadBytes> {
  const whole = takeWhole(exchange, options);
  return whole === undefined ? read(exchange, options) : { bytes: whole, isComplete: true };
}

function takeWhole(exchange: Exchange, { budget }: ReadOptions): Buffer | undefined {
  const whole = exchange.request.takeWhole();
  if (whole === undefined) return undefined;
  const reservation = budget.reserve(exchange, "arrived");
  exchange.reservation = reservation;
  exchange.bytesIn += whole.length;
  reservation.ensure(whole.length);
  return whole;
}

function read(exchange: Exchange, options: BeginningOptions): Promise<ReadBytes> {
  const reservation = options.budget.reserve(exchange, "arriving");
  exchange.reservation = reservation;
  return new Promise((resolve, reject) => {
    new BodyReader(exchange, { ...options, reservation, resolve, reject }).start();
  });
}

interface ReaderOptions extends BeginningOptions {
  readonly reservation: Reservation;
  readonly resolve: (read: ReadBytes) => void;
  readonly reject: (reason: Error) => void;
}

class BodyReader implements Waiter, BodyConsumer {
  readonly #exchange: Exchange;
  readonly #options: ReaderOptions;
  #buffer: Buffer = nothing;
  #size = 0;
  #isDone = false;
  #timer: TimerHandle | undefined;

  constructor(exchange: Exchange, options: ReaderOptions) {
    this.#exchange = exchange;
    this.#options = options;
  }

  start(): void {
    const { request, clock } = this.#exchange;
    const { enoughMs } = this.#options;
    this.#exchange.phase = "body";
    this.#exchange.uploadTimer.begin();
    this.#exchange.await(this);
    if (this.#isDone) return;
    if (enoughMs !== Infinity) this.#timer = clock.setTimeout(isEnough, enoughMs, this);
    // RFC 9110 §10.1.1: everything that could refuse the request unread has been asked.
    request.sendContinue();
    request.read(this);
  }

  cancel(reason: Error): void {
    this.#fail(reason);
  }

  data(chunk: Buffer): void {
    this.#exchange.bytesIn += chunk.length;
    this.#exchange.uploadTimer.received(chunk.length);
    try {
      this.#take(chunk);
    } catch (error) {
      return this.#fail(error as Error);
    }
    if (this.#size >= this.#options.enoughBytes) this.enough();
  }

  end(): void {
    this.#settle(true);
  }

  /** What has come is enough to begin with. */
  enough(): void {
    if (!this.#isDone) this.#settle(false);
  }

  #settle(isComplete: boolean): void {
    if (this.#isDone) return;
    this.#stop();
    this.#options.reservation.arrived();
    const isExact = this.#buffer.length === this.#size;
    this.#options.resolve({ bytes: isExact ? this.#buffer : this.#buffer.subarray(0, this.#size), isComplete });
  }

  #take(chunk: Buffer): void {
    const { maxBytes, length, reservation } = this.#options;
    const size = this.#size + chunk.length;
    if (size > maxBytes) throw new Failure("body_too_large", { close: true });
    if (this.#size === 0) {
      // Most bodies are one chunk: those are not copied.
      reservation.ensure(size);
      this.#buffer = chunk;
    } else {
      this.#grow(size, Math.min(length ?? maxBytes, Math.max(size, 2 * this.#buffer.length)));
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
    this.#buffer = nothing;
    this.#options.reject(reason);
  }

  #stop(): void {
    this.#isDone = true;
    const { request, clock } = this.#exchange;
    request.stop();
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#exchange.settle();
  }
}

const nothing = Buffer.alloc(0);

function isEnough(reader: BodyReader): void {
  reader.enough();
}
