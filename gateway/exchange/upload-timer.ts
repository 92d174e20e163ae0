import type { ExchangeTimer } from "./exchange-timer.ts";
import type { Clock } from "./clock.ts";

/** How slowly a client may send a request body. */
export interface BodyPace {
  /** Longest silence in milliseconds: what a client has to begin with, and the most it can be ahead. */
  readonly graceMs: number;
  /** What each byte buys it, in milliseconds: the inverse of the minimum rate. */
  readonly msPerByte: number;
}

/**
 * The wait for the bytes of one request body. A client begins with its grace, which runs out with the time and which
 * bytes refill, never beyond the whole: so a client below the minimum rate ends when it has used up its grace, and one
 * that fell silent after a fast start ends no later. (A plain average would let a first megabyte pay for an hour.)
 *
 * A chunk moves a number and no timer. Only time in which the client's bytes are wanted counts: what an upstream that
 * does not read lets pass is not the client's.
 */
export class UploadTimer {
  readonly #clock: Clock;
  readonly #timer: ExchangeTimer;
  readonly #pace: BodyPace | undefined;
  #dueAt = Infinity;

  /** Without a pace the exchange's deadline alone bounds the wait. */
  constructor(clock: Clock, timer: ExchangeTimer, pace: BodyPace | undefined) {
    this.#clock = clock;
    this.#timer = timer;
    this.#pace = pace;
  }

  /** The client's bytes are wanted from now on. Failure: client_timeout, by the timer `body`. */
  begin(): void {
    if (this.#pace !== undefined) this.#dueAt = this.#clock.now() + this.#pace.graceMs;
    this.goOn();
  }

  /** They still are, after another wait had come between. */
  goOn(): void {
    this.#timer.wait("body", this.#dueAt);
  }

  /** Bytes came. */
  received(bytes: number): void {
    const pace = this.#pace;
    if (pace === undefined) return;
    const fullAt = this.#clock.now() + pace.graceMs;
    this.#dueAt = Math.min(fullAt, this.#dueAt + bytes * pace.msPerByte);
    this.#timer.postpone("body", this.#dueAt);
  }
}
