export interface FailureRunOptions {
  /** Failures that make a run. */
  readonly minimum: number;
  /** Within how many milliseconds they must have come. */
  readonly windowMs: number;
  /** For how many milliseconds there must have been no success. */
  readonly silenceMs: number;
}

/**
 * Failures with no success between. A target that hangs is silent until the first timers fire, and its window is full
 * of the successes from before: their rate alone would take seconds more to say what a run says at once. A restart
 * that refuses connections for a moment is no run: the last success is too near.
 */
export class FailureRun {
  readonly #options: FailureRunOptions;
  #succeededAt: number;
  #beganAt = -Infinity;
  #count = 0;

  constructor(options: FailureRunOptions, now: number) {
    this.#options = options;
    this.#succeededAt = now;
  }

  get count(): number {
    return this.#count;
  }

  success(now: number): void {
    this.#succeededAt = now;
    this.#count = 0;
  }

  /** Whether this failure makes the run. */
  failure(now: number): boolean {
    const { minimum, windowMs, silenceMs } = this.#options;
    if (this.#count === 0 || now - this.#beganAt >= windowMs) {
      this.#count = 0;
      this.#beganAt = now;
    }
    this.#count++;
    return this.#count >= minimum && now - this.#succeededAt >= silenceMs;
  }
}
