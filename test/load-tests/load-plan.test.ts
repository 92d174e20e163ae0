import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Bucket } from "../../load-tests/generator/load-result.ts";
import type { RequestClass } from "../../load-tests/generator/plan.ts";

import { loadPlan } from "../../load-tests/stage/load-plan.ts";
import { Ticker } from "../../load-tests/stage/tick.ts";

const work: RequestClass = { name: "jobs", share: 1, path: "/jobs/1", deadlineMs: 1_000 };

describe("a load plan", () => {
  test("has requests per second where the scenario has multiples", () => {
    const phases = [
      { name: "half", seconds: 2, load: 0.5 },
      { name: "own", seconds: 3, load: 2, per: 70, spacing: "constant", control: {} },
    ] as const;
    assert.deepEqual(loadPlan({ classes: [work] }, { phases, capacity: 500, ports: [1, 2], seed: 9 }), {
      seed: 9,
      ports: [1, 2],
      classes: [work],
      phases: [
        { name: "half", seconds: 2, ratePerSecond: 250 },
        { name: "own", seconds: 3, ratePerSecond: 140, spacing: "constant" },
      ],
    });
  });
});

describe("a tick", () => {
  test("is made of four buckets, with their sums and the worst tail", () => {
    const ticker = new Ticker();
    const bucket = (index: number): Bucket => ({
      atMs: 250 * index,
      phase: index < 2 ? "a" : "b",
      offered: 10,
      good: index,
      shed: 2,
      failed: 0,
      goodP50Ms: 1,
      goodP99Ms: 90 - index,
      goodByClass: {},
    });
    const ticks = Array.from({ length: 9 }, (_, index) => ticker.take(bucket(index), undefined));
    const second = { atMs: 1000, phase: "b", offered: 40, goodput: 6, shed: 8, p99Ms: 90, limit: [] };
    assert.deepEqual(ticks[3], second);
    assert.equal(ticks.filter((tick) => tick !== undefined).length, 2);
  });
});
