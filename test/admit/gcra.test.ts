import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { gcra, nextTat, waitMs } from "../../gateway/admit/gcra.ts";

interface Quota {
  readonly requests: number;
  readonly per: number;
  readonly burst: number;
}

/**
 * The definition itself, by memory of everything: a request conforms if in no span that ends with it there would be
 * more than burst + rate × span. In whole numbers, so that nothing rounds.
 */
function conforms({ requests, per, burst }: Quota, admitted: readonly number[], now: number): boolean {
  return admitted.every((since, index) => (admitted.length - index + 1 - burst) * per <= (now - since) * requests);
}

// Intervals of a tenth of a millisecond and more, on a gateway that has run for up to eleven days.
const quotas = fc
  .record({
    requests: fc.integer({ min: 1, max: 300 }),
    per: fc.integer({ min: 1, max: 300 }),
    burst: fc.integer({ min: 1, max: 20 }),
  })
  .filter(({ requests, per }) => requests <= 10 * per);
const gaps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })), { maxLength: 120, size: "max" });
const starts = fc.integer({ min: 0, max: 1_000_000_000 });

describe("the generic cell rate algorithm", () => {
  test("admits what its definition admits, request by request", (t) => {
    const property = fc.property(quotas, gaps, starts, (quota, times, start) => {
      const rule = gcra(quota);
      const admitted: number[] = [];
      let now = start;
      let tat = -Infinity;
      for (const gap of times) {
        now += gap;
        const isAdmitted = waitMs(rule, tat, now) === 0;
        assert.equal(isAdmitted, conforms(quota, admitted, now));
        if (!isAdmitted) continue;
        admitted.push(now);
        tat = nextTat(rule, tat, now);
      }
    });
    const seed = Date.now();
    t.diagnostic(`seed ${seed}`);
    fc.assert(property, { numRuns: 2000, seed });
  });

  test("the wait it names is the true one: a moment less is refused, and no more is needed", (t) => {
    const property = fc.property(quotas, gaps, (quota, times) => {
      const rule = gcra(quota);
      let now = 0;
      let tat = -Infinity;
      for (const gap of times) {
        now += gap;
        const wait = waitMs(rule, tat, now);
        if (wait === 0) tat = nextTat(rule, tat, now);
        else {
          assert.ok(waitMs(rule, tat, now + wait + 1e-6) === 0);
          assert.ok(waitMs(rule, tat, now + wait * 0.99) > 0);
          assert.ok(wait <= rule.intervalMs);
        }
      }
    });
    const seed = Date.now();
    t.diagnostic(`seed ${seed}`);
    fc.assert(property, { numRuns: 1000, seed });
  });

  test("a whole burst at once passes, and not one more", () => {
    const rule = gcra({ requests: 3, per: 1000, burst: 7 });
    let tat = -Infinity;
    for (let n = 0; n < 7; n += 1) {
      assert.equal(waitMs(rule, tat, 5000), 0, `request ${n}`);
      tat = nextTat(rule, tat, 5000);
    }
    assert.ok(Math.abs(waitMs(rule, tat, 5000) - 1000 / 3) < 0.1);
  });
});
