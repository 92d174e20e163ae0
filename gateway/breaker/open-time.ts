export interface OpenTimeOptions {
  /** The first of an outage, in milliseconds. */
  readonly openMs: number;
  /** No later one is longer, in milliseconds. */
  readonly maxOpenMs: number;
  /** An opening this soon after the last closing, in milliseconds, belongs to the outage before. */
  readonly relapseMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Share of a backed-off time that is left to chance, so that gateways which opened together do not try together. */
const jitter = 0.2;

/** How long a breaker stays open: twice as long at each opening of the same outage, a fifth of it left to chance. */
export class OpenTime {
  readonly #options: OpenTimeOptions;
  #last = 0;
  /** -Infinity: never open yet; Infinity: open since. */
  #closedAt = -Infinity;

  constructor(options: OpenTimeOptions) {
    this.#options = options;
  }

  /** Milliseconds that the breaker stays open from now on. */
  next(now: number): number {
    const { openMs, maxOpenMs, relapseMs, random } = this.#options;
    const isRelapse = now - this.#closedAt < relapseMs;
    this.#closedAt = Infinity;
    this.#last = isRelapse ? Math.min(maxOpenMs, 2 * this.#last) : openMs;
    return isRelapse ? Math.max(openMs, Math.ceil(this.#last * (1 - jitter * random()))) : openMs;
  }

  closed(now: number): void {
    this.#closedAt = now;
  }
}
