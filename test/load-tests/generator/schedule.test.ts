import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { LoadPhase } from "../../../load-tests/generator/plan.ts";

import { seededRandom } from "../../../load-tests/generator/random.ts";
import { Schedule } from "../../../load-tests/generator/schedule.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

function phase(ratePerSecond: number, seconds: number, spacing: LoadPhase["spacing"] = "poisson"): LoadPhase {
  return { name: `${ratePerSecond}`, ratePerSecond, seconds, spacing };
}

function dueOf(phases: readonly LoadPhase[], seed = 1): ReadonlyArray<readonly [phase: number, atMs: number]> {
  const schedule = new Schedule(phases, seededRandom(seed));
  const due: Array<readonly [number, number]> = [];
  for (; schedule.dueAtMs !== Infinity; schedule.advance()) due.push([schedule.phase, schedule.dueAtMs]);
  return due;
}

function timesOf(phases: readonly LoadPhase[], seed = 1): readonly number[] {
  return dueOf(phases, seed).map(([, atMs]) => atMs);
}

/** The Kolmogorov–Smirnov statistic times √n, against the exponential distribution of this mean. */
function kolmogorovSmirnov(gaps: readonly number[], mean: number): number {
  const sorted = gaps.toSorted((a, b) => a - b);
  const distances = sorted.map((gap, index) => {
    const expected = 1 - Math.exp(-gap / mean);
    return Math.max(expected - index / sorted.length, (index + 1) / sorted.length - expected);
  });
  return Math.max(...distances) * Math.sqrt(sorted.length);
}

/** Variance over mean of the counts in windows of this length: 1 for a Poisson process. */
function dispersion(times: readonly number[], windowMs: number, totalMs: number): number {
  const counts = Array.from({ length: totalMs / windowMs }, () => 0);
  for (const atMs of times) counts[Math.floor(atMs / windowMs)]! += 1;
  const mean = times.length / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / (counts.length - 1) / mean;
}

function gapsOf(times: readonly number[]): readonly number[] {
  return times.map((atMs, index) => atMs - (times[index - 1] ?? 0));
}

describe("a Poisson process", () => {
  // 1.95 is passed by one sample in a thousand; 20,000 arrivals show a bias of 1 %.
  test("have exponential gaps, by a Kolmogorov–Smirnov test", () => {
    for (const seed of seeds) {
      const statistic = kolmogorovSmirnov(gapsOf(timesOf([phase(1000, 20)], seed)), 1);
      assert.ok(statistic < 1.95, `seed ${seed}: ${statistic}`);
    }
  });

  test("of constant gaps, and of gaps that are 5 % off, the same test says no", () => {
    assert.ok(kolmogorovSmirnov(gapsOf(timesOf([phase(1000, 20, "constant")])), 1) > 1.95);
    assert.ok(kolmogorovSmirnov(gapsOf(timesOf([phase(1050, 20)])), 1) > 1.95);
  });

  test("scatter as a Poisson process does, in windows short and long", () => {
    for (const seed of seeds) {
      for (const windowMs of [5, 50]) {
        const times = timesOf([phase(1000, 40)], seed);
        // Four standard errors of the index, which are √(2 / windows) each.
        const allowed = 4 * Math.sqrt((2 * windowMs) / 40_000);
        const index = dispersion(times, windowMs, 40_000);
        assert.ok(Math.abs(index - 1) < allowed, `seed ${seed}, ${windowMs} ms: ${index}`);
      }
    }
  });

  test("do not depend on one another: a gap says nothing of the next", () => {
    for (const seed of seeds) {
      const gaps = gapsOf(timesOf([phase(1000, 20)], seed));
      const pairs = gaps.slice(1).map((gap, index) => (gap - 1) * (gaps[index]! - 1));
      const correlation = pairs.reduce((sum, product) => sum + product, 0) / pairs.length;
      assert.ok(Math.abs(correlation) < 4 / Math.sqrt(pairs.length), `seed ${seed}: ${correlation}`);
    }
  });

  test("are the same for the same seed, and others for another", () => {
    assert.deepEqual(timesOf([phase(100, 5)], 7), timesOf([phase(100, 5)], 7));
    assert.notDeepEqual(timesOf([phase(100, 5)], 7).slice(0, 5), timesOf([phase(100, 5)], 8).slice(0, 5));
  });
});

describe("phases", () => {
  test("constant gaps lie at multiples of the gap, without drift", () => {
    const times = timesOf([phase(3, 1000, "constant")]);
    assert.equal(times.length, 3000);
    assert.equal(times[2997], 999_000);
  });

  test("each phase has its own rate, its own place, and the requests of its own time", () => {
    const phases = [phase(100, 2, "constant"), phase(1000, 1, "constant"), phase(10, 3, "constant")];
    const due = dueOf(phases);
    assert.deepEqual(
      [0, 1, 2].map((place) => due.filter(([of]) => of === place).length),
      [200, 1000, 30],
    );
    assert.deepEqual(
      due.find(([of]) => of === 1),
      [1, 2000],
    );
    assert.ok(due.every(([of, atMs]) => atMs >= [0, 2000, 3000][of]! && atMs < [2000, 3000, 6000][of]!));
  });

  test("a Poisson phase has as many requests as its rate says, within four standard deviations", () => {
    const due = dueOf([phase(400, 10), phase(2500, 4)]);
    for (const [place, expected] of [4000, 10_000].entries()) {
      const count = due.filter(([of]) => of === place).length;
      assert.ok(Math.abs(count - expected) < 4 * Math.sqrt(expected), `phase ${place}: ${count}`);
    }
  });

  test("a phase without load is passed over, whatever its spacing", () => {
    for (const spacing of ["poisson", "constant"] as const) {
      const found = dueOf([phase(10, 1, spacing), phase(0, 5, spacing), phase(10, 1, spacing)], 3);
      assert.deepEqual([...new Set(found.map(([of]) => of))], [0, 2]);
      assert.ok(found.filter(([of]) => of === 2).every(([, atMs]) => atMs >= 6000 && atMs < 7000));
    }
  });

  test("a plan's end is that of its last phase", () => {
    const schedule = new Schedule([phase(0, 1.5), phase(0, 0.5)], seededRandom(1));
    assert.deepEqual([schedule.dueAtMs, schedule.endsAtMs], [Infinity, 2000]);
  });
});
