import type { Clock, TimerHandle } from "../../gateway/exchange/clock.ts";

interface Event {
  readonly dueAt: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** A clock for simulations: time jumps from one event to the next. A heap, since there are hundreds of thousands. */
export class EventClock implements Clock {
  readonly #heap: Event[] = [];
  #now = 0;
  #order = 0;

  now(): number {
    return this.#now;
  }

  setTimeout<T>(fire: (argument: T) => void, delayMs: number, argument: T): TimerHandle {
    const event = { dueAt: this.#now + delayMs, order: this.#order++, fire: () => fire(argument) };
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return event as unknown as TimerHandle;
  }

  clearTimeout(handle: TimerHandle): void {
    (handle as unknown as Event).fire = undefined;
  }

  at(dueAt: number, fire: () => void): void {
    this.setTimeout(fire, dueAt - this.#now, undefined);
  }

  /** Makes the next event happen; false where there is none. */
  step(): boolean {
    const [event] = this.#heap;
    const last = this.#heap.pop();
    if (event === undefined || last === undefined) return false;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink();
    }
    if (event.fire !== undefined) {
      this.#now = event.dueAt;
      event.fire();
    }
    return true;
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#heap.length && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one] as Event, this.#heap[other] as Event];
    return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
  }

  #swap(one: number, other: number): void {
    const held = this.#heap[one] as Event;
    this.#heap[one] = this.#heap[other] as Event;
    this.#heap[other] = held;
  }
}
