/** What a wheel holds. The fields are the wheel's own: an entry carries its links, so that nothing is allocated. */
export interface Timed<T> {
  dueAtMs: number;
  /** -1 while in no slot. */
  slot: number;
  before: T | undefined;
  after: T | undefined;
}

/** A power of two: 4 s a turn. What is due later stays in its slot for another turn. */
const slotCount = 4096;

/**
 * One timer for many deadlines: a hashed wheel (Varghese and Lauck, 1987) with a slot for each millisecond.
 * Entries fire at most a millisecond after they are due, plus the time between two calls of `advance`.
 */
export class TimerWheel<T extends Timed<T>> {
  readonly #slots: Array<T | undefined> = Array.from({ length: slotCount });
  readonly #fire: (entry: T, nowMs: number) => void;
  /** The first millisecond that is not over yet. */
  #cursor = 0;

  constructor(fire: (entry: T, nowMs: number) => void) {
    this.#fire = fire;
  }

  schedule(entry: T, dueAtMs: number): void {
    this.cancel(entry);
    const slot = Math.max(Math.floor(dueAtMs), this.#cursor) & (slotCount - 1);
    const first = this.#slots[slot];
    entry.dueAtMs = dueAtMs;
    entry.slot = slot;
    entry.after = first;
    if (first !== undefined) first.before = entry;
    this.#slots[slot] = entry;
  }

  cancel(entry: T): void {
    if (entry.slot === -1) return;
    const { before, after } = entry;
    if (before === undefined) this.#slots[entry.slot] = after;
    else before.after = after;
    if (after !== undefined) after.before = before;
    entry.slot = -1;
    entry.before = undefined;
    entry.after = undefined;
  }

  /** Fires what is due. */
  advance(nowMs: number): void {
    while (this.#cursor + 1 <= nowMs) {
      const slot = this.#cursor & (slotCount - 1);
      // Moved on first: what a firing entry schedules for now belongs to a later slot than the one that is walked.
      this.#cursor += 1;
      this.#walk(slot, nowMs);
    }
  }

  #walk(slot: number, nowMs: number): void {
    let entry = this.#slots[slot];
    while (entry !== undefined) {
      const { after } = entry;
      if (entry.dueAtMs <= nowMs) {
        this.cancel(entry);
        this.#fire(entry, nowMs);
      }
      entry = after;
    }
  }
}
