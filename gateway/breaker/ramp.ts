export interface RampOptions {
  /** How long after its beginning everybody is admitted again, in milliseconds; 0 for at once. */
  readonly rampMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Share of the requests that is admitted at its beginning. */
const startShare = 0.1;

/**
 * Admission by lot while a target that was out of service is loaded again: a tenth of the requests at first, and in
 * equal steps all of them. A cold target that met its whole load at once would be the next to time out.
 */
export class Ramp {
  readonly #options: RampOptions;
  #beganAt = -Infinity;
  #drawnAt = -Infinity;
  #isDrawn = true;

  constructor(options: RampOptions) {
    this.#options = options;
  }

  begin(now: number): void {
    this.#beganAt = now;
    this.#drawnAt = -Infinity;
  }

  /** A lot holds for a millisecond: whoever looks twice while he chooses sees the same. */
  admits(now: number): boolean {
    const { rampMs, random } = this.#options;
    const elapsed = now - this.#beganAt;
    if (elapsed >= rampMs) return true;
    const at = Math.floor(now);
    if (at === this.#drawnAt) return this.#isDrawn;
    this.#drawnAt = at;
    this.#isDrawn = random() < startShare + (1 - startShare) * (elapsed / rampMs);
    return this.#isDrawn;
  }
}
