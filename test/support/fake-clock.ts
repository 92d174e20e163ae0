import type { Clock, TimerHandle } from "../../gateway/exchange/clock.ts";

interface Timer {
  readonly dueAt: number;
  readonly fire: () => void;
}

/** A clock that stands still until the test moves it. Timers fire in the order in which they are due, then were set. */
export class FakeClock implements Clock {
  #now: number;
  #lastId = 0;
  readonly #timers = new Map<number, Timer>();

  constructor(startAt = 1000) {
    this.#now = startAt;
  }

  /** Timers that are set and have not fired. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; Infinity for none. */
  get nextDueAt(): number {
    return Math.min(Infinity, ...[...this.#timers.values()].map((timer) => timer.dueAt));
  }

  now(): number {
    return this.#now;
  }

  setTimeout<T>(fire: (argument: T) => void, delayMs: number, argument: T): TimerHandle {
    const id = ++this.#lastId;
    this.#timers.set(id, { dueAt: this.#now + delayMs, fire: () => fire(argument) });
    return id as unknown as TimerHandle;
  }

  clearTimeout(handle: TimerHandle): void {
    this.#timers.delete(handle as unknown as number);
  }

  /** Moves time on, firing what falls due on the way at its own time, also what is set meanwhile. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [id, timer] = next;
      this.#timers.delete(id);
      this.#now = Math.max(this.#now, timer.dueAt);
      timer.fire();
    }
    this.#now = end;
  }

  /** Moves time on without firing anything: an event loop that was blocked. */
  block(ms: number): void {
    this.#now += ms;
  }

  #next(end: number): [number, Timer] | undefined {
    const due = [...this.#timers].filter(([, timer]) => timer.dueAt <= end);
    return due.toSorted(([, one], [, other]) => one.dueAt - other.dueAt)[0];
  }
}
