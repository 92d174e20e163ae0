import type { Gcra } from "./gcra.ts";

import { nextTat, waitMs } from "./gcra.ts";

/** Entries looked at before one is given up: as good as the whole table's best in the long run, at a fixed price. */
const samples = 8;

/**
 * What is remembered of a route's clients: a TAT each, for `capacity` of them. Where a newcomer finds it full, the
 * entry with the earliest TAT of a few drawn at random goes, which is the one that forgives least. An entry that is
 * paid off goes first, since forgetting it changes nothing; whoever invents clients to flood the table finds his own
 * fresh entries go before those in debt; and a client that is forgotten gets its burst anew, never a refusal.
 */
export class QuotaTable {
  readonly #gcra: Gcra;
  readonly #capacity: number;
  readonly #random: () => number;
  readonly #slots = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #tats: number[] = [];

  /** `random`: 0 ≤ x < 1. */
  constructor(gcra: Gcra, { capacity, random }: { readonly capacity: number; readonly random: () => number }) {
    this.#gcra = gcra;
    this.#capacity = capacity;
    this.#random = random;
  }

  /** Clients remembered. */
  get size(): number {
    return this.#keys.length;
  }

  /** Takes one request of a client's quota; answers 0, or the milliseconds until there is one to take. */
  take(key: string, now: number): number {
    const slot = this.#slots.get(key);
    const tat = slot === undefined ? now : (this.#tats[slot] as number);
    const wait = waitMs(this.#gcra, tat, now);
    if (wait > 0) return wait;
    const next = nextTat(this.#gcra, tat, now);
    if (slot === undefined) this.#remember(key, next, now);
    else this.#tats[slot] = next;
    return 0;
  }

  #remember(key: string, tat: number, now: number): void {
    const slot = this.#slotFor(now);
    const forgotten = this.#keys[slot];
    if (forgotten !== undefined) this.#slots.delete(forgotten);
    this.#keys[slot] = key;
    this.#tats[slot] = tat;
    this.#slots.set(key, slot);
  }

  /** One that is paid off; else a new one while there is room; else the one that forgives least. */
  #slotFor(now: number): number {
    const { length } = this.#keys;
    if (length === 0) return 0;
    let earliest = 0;
    for (let n = 0; n < samples; n += 1) {
      const slot = Math.floor(this.#random() * length);
      if (n === 0 || (this.#tats[slot] as number) < (this.#tats[earliest] as number)) earliest = slot;
    }
    if ((this.#tats[earliest] as number) <= now) return earliest;
    return length < this.#capacity ? length : earliest;
  }
}
