import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { askDelayed, firstValid } from "../load-tests/generator/honesty.ts";

// Every rate that the generator claims. A machine that is busy with other things makes runs invalid, and they say so.
describe("against a server with a constant delay of 50 ms", () => {
  for (const ratePerSecond of [100, 500, 1000, 2000, 5000, 10_000, 20_000]) {
    test(`the median is 50 ms at ${ratePerSecond} requests a second`, { timeout: 120_000 }, async (t) => {
      const { phases, validity } = await firstValid(5, () => askDelayed(ratePerSecond, 5, 50));
      const { goodMs, offered, good } = phases[0]!.all;
      t.diagnostic(JSON.stringify({ ratePerSecond, offered, good, ...goodMs, lagP99: validity.lagP99Ms }));
      assert.deepEqual(validity.reasons, []);
      assert.ok(Math.abs(goodMs.p50 - 50) <= 2, `p50 ${goodMs.p50} ms`);
    });
  }
});
