import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { RetryBudget } from "../../gateway/attempt/budget.ts";
import { freshSeed } from "../support/seeded.ts";

function withdrawAll(budget: RetryBudget, now: number): number {
  let count = 0;
  while (budget.withdraw(now)) count += 1;
  return count;
}

describe("a retry budget", () => {
  test("has its floor from the start: ten seconds' worth", () => {
    assert.equal(withdrawAll(new RetryBudget({ ratio: 0.2, minPerSecond: 3 }), 500), 30);
  });

  test("grants one retry for five successes at 20 %", () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
    for (let n = 0; n < 4; n += 1) budget.deposit(0);
    assert.equal(budget.withdraw(0), false);
    budget.deposit(0);
    assert.equal(budget.withdraw(0), true);
    assert.equal(budget.withdraw(0), false);
  });

  test("forgets successes after ten seconds: a quiet hour saves nothing up", () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
    for (let n = 0; n < 1000; n += 1) budget.deposit(n);
    assert.equal(budget.withdraw(9999), true);
    assert.equal(budget.withdraw(10_000), false);
    assert.equal(withdrawAll(budget, 3_600_000), 0);
  });

  test("has what it spent again after ten seconds", () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 2 });
    assert.deepEqual([withdrawAll(budget, 0), withdrawAll(budget, 9999), withdrawAll(budget, 10_000)], [20, 0, 20]);
  });

  test("grants nothing at nought", () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 0 });
    budget.deposit(0);
    assert.equal(budget.withdraw(0), false);
  });

  test("is what a list of all that happened says, whatever happens when", (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 4000 }), isSuccess: fc.boolean() });
    const options = fc.record({ percent: fc.integer({ min: 0, max: 100 }), minPerSecond: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(options, fc.array(step, { maxLength: 200 }), ({ percent, minPerSecond }, steps) => {
        const budget = new RetryBudget({ ratio: percent / 100, minPerSecond });
        const successes: number[] = [];
        const retries: number[] = [];
        let now = 0;
        for (const { afterMs, isSuccess } of steps) {
          now += afterMs;
          if (isSuccess) {
            budget.deposit(now);
            successes.push(now);
            continue;
          }
          const isRecent = (at: number): boolean => Math.floor(at / 1000) > Math.floor(now / 1000) - 10;
          const earned = (successes.filter(isRecent).length * percent + minPerSecond * 1000) / 100;
          const isPaid = retries.filter(isRecent).length + 1 <= earned;
          assert.equal(budget.withdraw(now), isPaid);
          if (isPaid) retries.push(now);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
