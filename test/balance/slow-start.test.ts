import assert from "node:assert/strict";
import { test } from "node:test";

import { SlowStart } from "../../gateway/balance/slow-start.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("a target has its whole weight from the start, a tenth of it when it returns, and all of it again in time", () => {
  const clock = new FakeClock();
  const slowStart = new SlowStart(clock, 10_000);
  assert.equal(slowStart.share, 1);
  slowStart.begin();
  const shares = [0, 2500, 2500, 2500, 2500].map((ms) => {
    clock.advance(ms);
    return Math.round(slowStart.share * 1000) / 1000;
  });
  assert.deepEqual(shares, [0.1, 0.325, 0.55, 0.775, 1]);
  slowStart.begin();
  assert.equal(slowStart.share, 0.1, "each time");
});

test("a slow start of no time gives a target its whole weight at once", () => {
  const slowStart = new SlowStart(new FakeClock(), 0);
  slowStart.begin();
  assert.equal(slowStart.share, 1);
});
