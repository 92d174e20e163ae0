import type { Verdict } from "./admission.ts";

export interface TrialsOptions {
  /** How many decide. */
  readonly count: number;
  /** Share of failures among them above which they have failed together. */
  readonly errorRate: number;
  /** A trial without a verdict for so long, in milliseconds, is joined by a further one. */
  readonly patienceMs: number;
}

/**
 * The trials of one half-open breaker. No more than the configured number are on their way or judged; a neutral one
 * gives its place back, and a hung one (an upload may take as long as its client likes) does not keep the target out
 * of service.
 */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #failuresAllowed: number;
  #taken = 0;
  #lastAt = -Infinity;
  #successes = 0;
  #failures = 0;

  constructor(options: TrialsOptions) {
    this.#options = options;
    // All of them must be able to fail together, whatever the rate.
    this.#failuresAllowed = Math.min(options.count - 1, Math.floor(options.errorRate * options.count));
  }

  /** Whether a request may be a trial now. */
  admits(now: number): boolean {
    return this.#taken < this.#options.count || now - this.#lastAt >= this.#options.patienceMs;
  }

  begin(now: number): void {
    this.#taken++;
    this.#lastAt = now;
  }

  /** Takes a trial's verdict; answers what they say together as soon as no other can change it. */
  end(verdict: Verdict): "success" | "failure" | undefined {
    switch (verdict) {
      case "neutral":
        this.#taken--;
        return undefined;
      case "failure":
        return ++this.#failures > this.#failuresAllowed ? "failure" : undefined;
      case "success":
        return ++this.#successes >= this.#options.count - this.#failuresAllowed ? "success" : undefined;
    }
  }
}
