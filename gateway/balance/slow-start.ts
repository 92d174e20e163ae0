import type { Clock } from "../exchange/clock.ts";

/** Share of its weight that a target returns with. */
const startShare = 0.1;

/**
 * The weight of a target that has come back: a tenth at first, and in equal steps all of it. Its caches are cold and its
 * code is not compiled yet; under its whole share at once it would be the next to fail.
 */
export class SlowStart {
  readonly #clock: Clock;
  readonly #durationMs: number;
  #beganAt: number | undefined;

  /** `durationMs`: 0 for its whole weight at once. */
  constructor(clock: Clock, durationMs: number) {
    this.#clock = clock;
    this.#durationMs = durationMs;
  }

  begin(): void {
    this.#beganAt = this.#clock.now();
  }

  /** Of the configured weight, how much counts now; 0 < x ≤ 1. */
  get share(): number {
    if (this.#beganAt === undefined) return 1;
    const elapsed = this.#clock.now() - this.#beganAt;
    if (elapsed < this.#durationMs) return startShare + (1 - startShare) * (elapsed / this.#durationMs);
    this.#beganAt = undefined;
    return 1;
  }
}
