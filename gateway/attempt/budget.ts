/** The window in which tokens are earned and spent, in slots of a second. */
const slots = 10;
const slotMs = 1000;

export interface RetryBudgetOptions {
  /** Retries that one success pays for. */
  readonly ratio: number;
  /** Retries a second that cost nothing. */
  readonly minPerSecond: number;
}

/**
 * How many retries an upstream can be asked to bear: within the last ten seconds never more than `ratio` of the
 * successes in them, and a floor for upstreams that are asked seldom. Where nearly everything fails nearly nothing is
 * paid for, so retries cannot turn a bad minute into an outage. Tokens are forgotten with their window: a quiet hour
 * saves nothing up for a storm.
 * Source: Finagle's RetryBudget; Linkerd's `ratio`, `minRetriesPerSecond`, `ttl`.
 */
export class RetryBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #successes = new Uint32Array(slots);
  readonly #retries = new Uint32Array(slots);
  #slot = 0;
  #succeeded = 0;
  #retried = 0;

  constructor({ ratio, minPerSecond }: RetryBudgetOptions) {
    this.#ratio = ratio;
    this.#reserve = (minPerSecond * slots * slotMs) / 1000;
  }

  /** A request of the upstream's succeeded. `now` in monotonic milliseconds. */
  deposit(now: number): void {
    const at = this.#advance(now);
    this.#successes[at] = (this.#successes[at] ?? 0) + 1;
    this.#succeeded++;
  }

  /** Whether one more retry is paid for; if so, it is spent. */
  withdraw(now: number): boolean {
    const at = this.#advance(now);
    // A fifth of five is one, also in binary fractions.
    if (this.#retried + 1 > this.#succeeded * this.#ratio + this.#reserve + 1e-6) return false;
    this.#retries[at] = (this.#retries[at] ?? 0) + 1;
    this.#retried++;
    return true;
  }

  /** Forgets the slots that have left the window, and answers where the present one is kept. */
  #advance(now: number): number {
    const slot = Math.floor(now / slotMs);
    for (let next = Math.max(this.#slot + 1, slot - slots + 1); next <= slot; next++) {
      const at = next % slots;
      this.#succeeded -= this.#successes[at] ?? 0;
      this.#retried -= this.#retries[at] ?? 0;
      this.#successes[at] = this.#retries[at] = 0;
    }
    this.#slot = Math.max(this.#slot, slot);
    return this.#slot % slots;
  }
}
