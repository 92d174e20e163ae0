/** A check exceeded its allowance of work. The caller knows which Failure it becomes. */
export class WorkExceeded extends Error {
  override readonly name = "WorkExceeded";
  /** Shown in the `cause` of the failure log. */
  readonly code = "schema_work";
}

/**
 * Bounds the work of one check, in steps of about 5 ns. Linear time is not enough: a schema can pass over a text many
 * times, try many branches on each item, and, where it recurses through `anyOf`, twice as many on each level. Steps are
 * counted, not time, so that the same request always has the same result.
 *
 * Checks are synchronous: one runs at a time, and one meter serves all.
 */
export class WorkMeter {
  #left = Infinity;

  /** @param steps the allowance of the check that begins */
  begin(steps: number): void {
    this.#left = steps;
  }

  /** @throws WorkExceeded */
  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new WorkExceeded();
  }

  /** @throws WorkExceeded */
  exhaust(): never {
    this.#left = 0;
    throw new WorkExceeded();
  }

  /** Lifts the bound: schemas are compiled and probed without one. */
  end(): void {
    this.#left = Infinity;
  }
}

export const workMeter = new WorkMeter();
