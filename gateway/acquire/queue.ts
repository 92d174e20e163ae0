import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { Priority } from "../exchange/exchange.ts";
import type { Place } from "./place.ts";

import { Failure } from "../failures/failure.ts";
import { WaitingList } from "./waiting-list.ts";

export interface QueueOptions {
  readonly clock: Clock;
  /** Places now. */
  readonly depth: () => number;
  /** Longest wait in milliseconds; a queue that has not been empty for that long is standing. */
  readonly waitMs: number;
}

/** Who is served first, and refused last. */
const ranks: Readonly<Record<Priority, number>> = { critical: 0, normal: 1, sheddable: 2 };

/** In a standing queue one waits a twentieth: 5 of 100 ms, as CoDel's target to its interval (RFC 8289 §4.2, §4.3). */
const standingPart = 20;
/** How often a standing queue is looked through: every 2 of 100 ms. */
const sweepPart = 50;
const leastSweepMs = 2;

/**
 * Where requests wait for a permit: highest priority first, bounded in number and in time.
 *
 * A short queue absorbs a burst, and is served first come, first served. One that stands absorbs nothing: it only makes
 * everybody late, and a fair order makes all of them late enough to be useless. So who came last is served first then,
 * the others are refused after a short wait, while they can still go elsewhere, and a full queue gives the oldest's
 * place away (adaptive LIFO and CoDel: Maurer, "Fail at Scale", ACM Queue 13(8), 2015). Critical requests are few, or
 * nothing is: they keep their order and the whole wait.
 *
 * The whole wait and the deadline are the exchange's own timer; only a standing queue has a timer here.
 */
export class Queue {
  readonly #options: QueueOptions;
  readonly #lists = [new WaitingList(), new WaitingList(), new WaitingList()] as const;
  readonly #standingWaitMs: number;
  readonly #sweepMs: number;
  readonly #full: Failure;
  readonly #late: Failure;
  #size = 0;
  /** Since when somebody waits. */
  #since = 0;
  #timer: TimerHandle | undefined;

  constructor(options: QueueOptions) {
    const { waitMs } = options;
    this.#options = options;
    this.#standingWaitMs = waitMs / standingPart;
    this.#sweepMs = Math.max(leastSweepMs, waitMs / sweepPart);
    // Made once: a refusal under overload may cost no more than it must.
    this.#full = new Failure("concurrency_limited", { retryAfterMs: waitMs });
    this.#late = new Failure("queue_timeout", { retryAfterMs: waitMs });
  }

  get size(): number {
    return this.#size;
  }

  get sizes(): Readonly<Record<Priority, number>> {
    const [critical, normal, sheddable] = this.#lists;
    return { critical: critical.size, normal: normal.size, sheddable: sheddable.size };
  }

  /**
   * Makes sure of a place for a request of this priority, if need be that of somebody less important.
   * @throws Failure concurrency_limited
   */
  makeRoom(priority: Priority): void {
    if (this.#size < this.#options.depth()) return;
    const lowest = this.#lists.findLastIndex((list) => list.size > 0);
    const rank = ranks[priority];
    const mayEvict = lowest > rank || (lowest === rank && lowest !== ranks.critical && this.#isStanding());
    const evicted = mayEvict ? this.#lists[lowest]?.oldest : undefined;
    if (evicted === undefined) throw this.#full;
    this.leave(evicted);
    // Whoever waited in vain says so; only who was refused at once met a full queue.
    evicted.refuse(this.#late);
  }

  enter(place: Place): void {
    this.#listOf(place).append(place);
    if (this.#size++ > 0) return;
    this.#since = place.queuedAt;
    this.#timer = this.#options.clock.setTimeout(sweep, Math.max(leastSweepMs, this.#options.waitMs), this);
  }

  /** `place` is in the queue. */
  leave(place: Place): void {
    this.#listOf(place).remove(place);
    if (--this.#size > 0 || this.#timer === undefined) return;
    this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Takes out who is served next. Who has less than `neededMs` left would be served in vain, and is refused. */
  next(neededMs: number): Place | undefined {
    const leastDeadline = this.#size === 0 ? 0 : this.#options.clock.now() + neededMs;
    for (let place = this.#first(); place !== undefined; place = this.#first()) {
      this.leave(place);
      if (place.deadlineAt > leastDeadline) return place;
      place.refuse(this.#late);
    }
    return undefined;
  }

  #first(): Place | undefined {
    const [critical, normal, sheddable] = this.#lists;
    if (critical.size > 0) return critical.oldest;
    const list = normal.size > 0 ? normal : sheddable;
    return list.size > 1 && this.#isStanding() ? list.newest : list.oldest;
  }

  #isStanding(): boolean {
    return this.#size > 0 && this.#options.clock.now() - this.#since > this.#options.waitMs;
  }

  #listOf({ priority }: Place): WaitingList {
    return this.#lists[ranks[priority] as 0 | 1 | 2];
  }

  /** The queue stands: refuses all who have waited as long as one may then. */
  sweep(): void {
    const { clock } = this.#options;
    this.#timer = clock.setTimeout(sweep, this.#sweepMs, this);
    const latest = clock.now() - this.#standingWaitMs;
    const [, normal, sheddable] = this.#lists;
    for (const list of [sheddable, normal]) {
      for (let place = list.oldest; place !== undefined && place.queuedAt <= latest; place = list.oldest) {
        this.leave(place);
        place.refuse(this.#late);
      }
    }
  }
}

function sweep(queue: Queue): void {
  queue.sweep();
}
