import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { slownessNow } from "../../support/machine-pace.ts";
import { askDelayed, askStalled, firstValid } from "./honesty.ts";

describe("against a server with a constant delay of 50 ms", () => {
  for (const ratePerSecond of [200, 1000]) {
    test(`a run at ${ratePerSecond} requests a second that says it is valid has a median of 50 ms`, async (t) => {
      const slowness = slownessNow();
      const { phases, validity } = await firstValid(3, () => askDelayed(ratePerSecond, 2, 50));
      const { goodMs, offered, good } = phases[0]!.all;
      t.diagnostic(JSON.stringify({ goodMs, validity }));
      assert.equal(good, offered);
      assert.ok(goodMs.p50 >= 49.9, `p50 ${goodMs.p50} ms`);
      // Both processes take their part: 2 ms where the machine has what the bounds are for.
      const maxMs = 50 + 2 * Math.max(slowness, slownessNow());
      if (validity.isValid) assert.ok(goodMs.p50 <= maxMs, `p50 ${goodMs.p50} ms of at most ${maxMs} ms`);
    });
  }
});

describe("against a server that stands still for a second", () => {
  const ratePerSecond = 200;

  test("every request that was due in this second counts, and as late as it was: nothing is omitted", async (t) => {
    const { phases } = await askStalled(ratePerSecond, 10_000);
    const { goodMs, good } = phases[0]!.all;
    t.diagnostic(JSON.stringify(goodMs));
    assert.equal(good, 3 * ratePerSecond);
    // A third of all waited, evenly between 0 and 1 s: 10 % of all are above 700 ms, and 1 % above 970 ms.
    assert.ok(goodMs.p90 >= 600 && goodMs.p90 <= 900, `p90 ${goodMs.p90} ms`);
    assert.ok(goodMs.p99 >= 900, `p99 ${goodMs.p99} ms`);
  });

  test("as many requests pass a deadline in the midst of it as were due until then", async (t) => {
    const { phases } = await askStalled(ratePerSecond, 500);
    const { late, good, offered } = phases[0]!.all;
    t.diagnostic(JSON.stringify({ late, good, offered }));
    assert.ok(late >= ratePerSecond * 0.45 && late <= ratePerSecond, `${late} late`);
  });
});
