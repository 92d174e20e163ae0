/** A check took more work than it was given. Not a Failure: the one who checks knows which it becomes. */
export class WorkExceeded extends Error {
  override readonly name = "WorkExceeded";
}

/** What a check may cost. */
export interface Allowance {
  readonly steps: number;
  /** References to be followed: each may cost as much as a hundred steps where it fails. */
  readonly references: number;
}

/**
 * Bounds what one check may cost, in steps of about 5 ns. Linear time is not enough: a schema can ask for many passes
 * over a text, and one that recurses through `anyOf` asks for twice as many on each level. Steps and not time, so that
 * the same request has the same fate whatever else the machine does; time only stops what no step was counted for.
 *
 * Checks are synchronous, so there is one at a time, and one meter.
 */
export class WorkMeter {
  readonly #now: () => number;
  #left = Infinity;
  #references = Infinity;
  #endsAt = Infinity;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  begin({ steps, references }: Allowance): void {
    this.#left = steps;
    this.#references = references;
    this.#endsAt = this.#now() + maxMs;
  }

  /** @throws WorkExceeded */
  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new WorkExceeded();
  }

  /**
   * A reference is followed: only through those can a schema do work that its own length does not bound.
   *
   * @throws WorkExceeded
   */
  chargeReference(): void {
    if (--this.#references < 0) this.exhaust();
    if ((this.#references & 15) === 0 && this.#now() > this.#endsAt) this.exhaust();
  }

  /** @throws WorkExceeded */
  exhaust(): never {
    this.#left = 0;
    throw new WorkExceeded();
  }

  /** Nothing is checked: what runs now, runs at load. */
  end(): void {
    this.#left = this.#references = this.#endsAt = Infinity;
  }
}

export const workMeter = new WorkMeter(() => performance.now());

const maxMs = 100;
