import assert from "node:assert/strict";
import { suite, test } from "node:test";

import fc from "fast-check";

import { Gradient2 } from "../../load-tests/limits/gradient2.ts";

interface Steady {
  readonly limit: Gradient2;
  readonly latencyMs: number;
  readonly seconds: number;
  readonly from?: number;
  readonly inFlight?: number;
}

/** A hundred answers a second, all of one latency; all permits in use where not said otherwise. */
function feed({ limit, latencyMs, seconds, from = 0, inFlight }: Steady): void {
  for (let now = from; now < from + seconds * 1_000; now += 10) {
    limit.admitted(inFlight ?? limit.limit);
    limit.ended({ startedAt: now - latencyMs, endedAt: now });
  }
}

suite("Gradient2", () => {
  test("grows by four fifths of a request a window while latency is flat and all permits are in use", () => {
    const limit = new Gradient2();
    feed({ limit, latencyMs: 20, seconds: 10 });
    assert.ok(limit.limit >= 50 && limit.limit <= 62, `20 + 50 windows · 0.8 = 60, but ${limit.limit}`);
  });

  test("stays where less than half of it is in use", () => {
    const limit = new Gradient2();
    feed({ limit, latencyMs: 20, seconds: 10, inFlight: 9 });
    assert.equal(limit.limit, 20);
  });

  test("falls when latency rises, at most by a tenth a window", () => {
    const limit = new Gradient2();
    feed({ limit, latencyMs: 20, seconds: 40 });
    const before = limit.limit;
    feed({ limit, latencyMs: 100, seconds: 0.25, from: 40_000 });
    assert.ok(limit.limit < before && limit.limit >= before * 0.8, `${before} to ${limit.limit}`);
    feed({ limit, latencyMs: 100, seconds: 10, from: 40_250 });
    assert.equal(limit.limit, 20, "with half the gradient, the least that it may be");
  });

  test("says what an answer takes now", () => {
    const limit = new Gradient2();
    feed({ limit, latencyMs: 30, seconds: 1 });
    assert.equal(limit.typicalMs, 30);
  });

  test("stays within its bounds and whole, whatever it is told", () => {
    const steps = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: 300 }),
        latencyMs: fc.double({ min: 0, max: 5_000, noNaN: true }),
        inFlight: fc.integer({ min: 1, max: 500 }),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 0, max: 200 }), (told, min, more) => {
        const limit = new Gradient2({ min, max: min + more });
        let now = 0;
        for (const { afterMs, latencyMs, inFlight } of told) {
          now += afterMs;
          limit.admitted(inFlight);
          limit.ended({ startedAt: now - latencyMs, endedAt: now });
          assert.ok(Number.isInteger(limit.limit) && limit.limit >= min && limit.limit <= min + more);
        }
      }),
    );
  });
});
