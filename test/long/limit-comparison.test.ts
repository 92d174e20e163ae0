import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { LimitResult } from "../../load-tests/limits/limit-table.ts";

import { limitScenarios } from "../../load-tests/limits/limit-scenarios.ts";
import { limitTable } from "../../load-tests/limits/limit-table.ts";
import { meansOf, subjects } from "../acquire/limit-comparison.ts";

/** Those of the table in docs/decisions/0011-limit-comparison.md: a few seeds say more of themselves than of a rule. */
const seeds = Array.from({ length: 20 }, (_, index) => 401 + index);

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
