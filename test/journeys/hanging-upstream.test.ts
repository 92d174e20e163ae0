import assert from "node:assert/strict";
import { test } from "node:test";

import { assertRecovered, hangAndRecover } from "./hanging-upstream.ts";

test("an upstream that hangs is left alone, and served again once it is repaired", { timeout: 30_000 }, async (t) => {
  const breaker = { window: "1s", minimumRequests: 10, open: "400ms", maxOpen: "1s", ramp: "400ms" };
  const figures = await hangAndRecover({
    ratePerSecond: 100,
    soundMs: 1200,
    hangMs: 1200,
    afterMs: 1500,
    upstream: { timeouts: { headers: "200ms" }, breaker },
  });
  t.diagnostic(JSON.stringify(figures));
  assertRecovered(figures);
  assert.ok(figures.fullRateAfterMs <= 1000, "the ramp is as short as configured");
});
