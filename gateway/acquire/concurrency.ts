import type { Clock } from "../exchange/clock.ts";
import type { Exchange, Priority, UpstreamPermit } from "../exchange/exchange.ts";
import type { Limit, Sample } from "./limit/limit.ts";

import { Contention } from "./contention.ts";
import { HeldPermit } from "./permit.ts";
import { Place } from "./place.ts";
import { Queue } from "./queue.ts";

export interface ConcurrencyOptions {
  readonly clock: Clock;
  readonly limit: Limit;
  /** Exchanges that may wait for a permit; undefined for half as many as there are permits, at least 4. */
  readonly queueDepth: number | undefined;
  /** Longest wait in milliseconds. */
  readonly queueWaitMs: number;
}

/** A request that has less than this part of the usual time left is not served: its answer would come too late. */
const hopelessPart = 0.5;

const leastDepth = 4;

/**
 * One upstream's permits, and a bounded queue in front of them. It is the bulkhead between upstreams: a slow one fills
 * its own permits and nobody else's.
 */
export class Concurrency {
  readonly #options: ConcurrencyOptions;
  readonly #queue: Queue;
  readonly #contention: Contention;
  #inFlight = 0;

  constructor(options: ConcurrencyOptions) {
    const { clock, limit, queueDepth, queueWaitMs } = options;
    this.#options = options;
    const depth = () => queueDepth ?? Math.max(leastDepth, limit.limit >> 1);
    this.#queue = new Queue({ clock, depth, waitMs: queueWaitMs });
    this.#contention = new Contention({ clock, queued: () => this.#queue.size });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queue.size;
  }

  get queuedBy(): Readonly<Record<Priority, number>> {
    return this.#queue.sizes;
  }

  get limit(): number {
    return this.#options.limit.limit;
  }

  /**
   * A permit at once where one is free, else a promise of one. Throws `concurrency_limited` when the queue has no
   * place for it; the promise rejects with `queue_timeout` when its time is over or its place is given away, or with
   * whatever cancels the exchange.
   */
  acquire(exchange: Exchange): UpstreamPermit | Promise<UpstreamPermit> {
    // Nobody waits while a permit is free: so nobody is overtaken.
    if (this.#inFlight < this.limit) return this.#grant();
    exchange.phase = "queue";
    this.#contention.relieve(this.#queue.size + 1);
    this.#queue.makeRoom(exchange.priority);
    return this.#wait(exchange);
  }

  /** An attempt has ended: the limit may move, and with it the queue. */
  ended(sample: Sample): void {
    this.#options.limit.ended(sample);
    this.#serve();
  }

  /** Exchanges that lost their permit to the queue, because their client was too slow. */
  get cuts(): number {
    return this.#contention.cuts;
  }

  watch(permit: HeldPermit): void {
    this.#contention.watch(permit);
  }

  /** A permit comes back. */
  release(permit: HeldPermit): void {
    this.#contention.released(permit);
    this.#inFlight--;
    this.#serve();
  }

  #wait(exchange: Exchange): Promise<UpstreamPermit> {
    return new Promise((resolve, reject) => {
      const place = new Place(this.#queue, exchange, { resolve, reject });
      this.#queue.enter(place);
      exchange.timer.wait("queue", place.queuedAt + this.#options.queueWaitMs);
      exchange.await(place);
    });
  }

  #grant(): HeldPermit {
    this.#options.limit.admitted(++this.#inFlight);
    return new HeldPermit(this);
  }

  /** Gives free permits to who waits. Where the limit has fallen, the permits beyond it go to nobody. */
  #serve(): void {
    const { limit } = this.#options;
    while (this.#inFlight < limit.limit) {
      const place = this.#queue.next(limit.typicalMs * hopelessPart);
      if (place === undefined) return;
      place.admit(this.#grant());
    }
  }
}
