import type { Exchange, Waiter } from "../exchange.ts";

import { Failure } from "../failures/failure.ts";

/** Leave to use the upstream. Held until the response body is relayed; given back exactly once. */
export interface Permit {
  [Symbol.dispose](): void;
}

export interface ConcurrencyOptions {
  /** Permits in all. */
  readonly limit: number;
  /** Exchanges that may wait for one; the next is refused. */
  readonly queueDepth: number;
  /** Longest wait in milliseconds. */
  readonly queueWaitMs: number;
}

/**
 * One upstream's permits, and a bounded first-in-first-out queue in front of them. It is the bulkhead between upstreams:
 * a slow one fills its own permits and nobody else's.
 */
export class Concurrency {
  readonly #options: ConcurrencyOptions;
  readonly #queue = new Set<Ticket>();
  #inFlight = 0;

  constructor(options: ConcurrencyOptions) {
    this.#options = options;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get limit(): number {
    return this.#options.limit;
  }

  /**
   * A permit at once where one is free, else a promise of one. Throws `concurrency_limited` when the queue is full;
   * the promise rejects with `queue_timeout`, or with whatever cancels the exchange.
   */
  acquire(exchange: Exchange): Permit | Promise<Permit> {
    const { limit, queueDepth, queueWaitMs } = this.#options;
    if (this.#inFlight < limit) {
      this.#inFlight++;
      return new HeldPermit(this);
    }
    exchange.phase = "queue";
    if (this.#queue.size >= queueDepth) throw new Failure("concurrency_limited", { retryAfterMs: queueWaitMs });
    return new Promise((resolve, reject) => {
      const ticket = new Ticket(this, exchange, { resolve, reject });
      this.#queue.add(ticket);
      exchange.alarm.wait("queue", exchange.clock.now() + queueWaitMs);
      exchange.await(ticket);
    });
  }

  /** A permit comes back: it goes to who has waited longest, or is free. */
  release(): void {
    const next = this.#queue.values().next();
    if (next.done === true) {
      this.#inFlight--;
      return;
    }
    this.#queue.delete(next.value);
    next.value.admit(new HeldPermit(this));
  }

  leave(ticket: Ticket): void {
    this.#queue.delete(ticket);
  }
}

class HeldPermit implements Permit {
  #concurrency: Concurrency | undefined;

  constructor(concurrency: Concurrency) {
    this.#concurrency = concurrency;
  }

  [Symbol.dispose](): void {
    this.#concurrency?.release();
    this.#concurrency = undefined;
  }
}

interface Settlers {
  readonly resolve: (permit: Permit) => void;
  readonly reject: (reason: Error) => void;
}

/** An exchange's place in the queue. */
class Ticket implements Waiter {
  readonly #concurrency: Concurrency;
  readonly #exchange: Exchange;
  readonly #settlers: Settlers;
  readonly #queuedAt: number;

  constructor(concurrency: Concurrency, exchange: Exchange, settlers: Settlers) {
    this.#concurrency = concurrency;
    this.#exchange = exchange;
    this.#settlers = settlers;
    this.#queuedAt = exchange.clock.now();
  }

  admit(permit: Permit): void {
    this.#end();
    this.#settlers.resolve(permit);
  }

  cancel(reason: Error): void {
    this.#concurrency.leave(this);
    this.#end();
    this.#settlers.reject(reason);
  }

  #end(): void {
    this.#exchange.queueMs = this.#exchange.clock.now() - this.#queuedAt;
    this.#exchange.settle();
  }
}
