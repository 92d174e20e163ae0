import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { LimitResult } from "../../load-tests/limits/limit-table.ts";

import { limitScenarios } from "../../load-tests/limits/limit-scenarios.ts";
import { limitTable } from "../../load-tests/limits/limit-table.ts";
import { meansOf, subjects } from "../acquire/limit-comparison.ts";

const seeds = [1, 2, 3];

/** What the processes themselves are asked by load-tests/limits, in simulated time. */
suite("limits compared in simulated time", async () => {
  const results: LimitResult[] = [];
  for (const subject of subjects) {
    for (const scenario of limitScenarios) results.push(await meansOf(subject, scenario, seeds));
  }
  const table = limitTable(results);
  for (const { name, cells } of table.rows) {
    const misses = cells.at(-1)!;
    if (name === "knee")
      test("knee meets every demand", () => assert.deepEqual(misses, { text: "nothing", isMet: true }));
    else {
      test(`${name} does not`, (t) => {
        t.diagnostic(`it misses ${misses.text}`);
        assert.equal(misses.isMet, false);
      });
    }
  }
});
