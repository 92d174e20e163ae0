import type { TestContext } from "node:test";

import assert from "node:assert/strict";

export interface ResidentLevel {
  readonly second: number;
  readonly residentMiB: number;
}

const printEverySeconds = 30;

/** Resident memory over a long run: the last tenth of it may be a fifth above the second tenth, when all is warm. */
export class ResidentLevels {
  readonly #t: TestContext;
  readonly #seconds: number;
  readonly #levels: ResidentLevel[] = [];

  constructor(t: TestContext, seconds: number) {
    this.#t = t;
    this.#seconds = seconds;
  }

  readonly report = (level: ResidentLevel): void => {
    this.#levels.push(level);
    if (level.second % printEverySeconds === 0) this.#t.diagnostic(JSON.stringify(level));
  };

  /** Prints the levels with what else was found, and judges them. */
  judge(figures: object): void {
    const seconds = this.#seconds;
    const warmMiB = this.#mean((second) => second > seconds / 10 && second <= seconds / 5);
    const lastMiB = this.#mean((second) => second > 0.9 * seconds);
    this.#t.diagnostic(JSON.stringify({ ...figures, seconds, warmMiB, lastMiB }));
    assert.ok(lastMiB <= 1.2 * warmMiB, `${lastMiB} MiB after ${warmMiB} MiB`);
  }

  /** Over a while: collections come when they come. */
  #mean(isWithin: (second: number) => boolean): number {
    const levels = this.#levels.filter(({ second }) => isWithin(second));
    return Math.round(levels.reduce((sum, { residentMiB }) => sum + residentMiB, 0) / levels.length);
  }
}
