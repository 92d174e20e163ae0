import type { Exchange, Waiter } from "../exchange/exchange.ts";

import { TimerExpired } from "../failures/failure.ts";

export interface BackoffBounds {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before attempt `made + 1`: drawn evenly below a bound that doubles, so that requests which failed
 * together do not come back together. Milliseconds.
 * Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
 */
export function backoffMs(made: number, { baseMs, maxMs }: BackoffBounds, random: () => number): number {
  return random() * Math.min(maxMs, baseMs * 2 ** (made - 1));
}

/** Waits on the exchange's own timer. Rejects within the same tick with whatever cancels the exchange. */
export function pause(exchange: Exchange, delayMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    exchange.timer.wait("backoff", exchange.clock.now() + delayMs);
    exchange.await(new Pause(exchange, resolve, reject));
  });
}

class Pause implements Waiter {
  readonly #exchange: Exchange;
  readonly #resolve: () => void;
  readonly #reject: (reason: Error) => void;

  constructor(exchange: Exchange, resolve: () => void, reject: (reason: Error) => void) {
    this.#exchange = exchange;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  cancel(reason: Error): void {
    this.#exchange.settle();
    if (reason instanceof TimerExpired && reason.timer === "backoff") this.#resolve();
    else this.#reject(reason);
  }
}
