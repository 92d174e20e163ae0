import assert from "node:assert/strict";
import { test } from "node:test";

import { attackSlowly } from "../journeys/slow-clients.ts";

test(
  "1,000 slow heads and 200 slow bodies end within their limits and 2 s, at a p99 within twice of before",
  { timeout: 120_000 },
  async (t) => {
    const headersTimeoutMs = 10_000;
    const bodyGraceMs = 10_000;
    const attack = { heads: 1000, bodies: 200, headersTimeoutMs, bodyGraceMs, ratePerSecond: 200, beforeMs: 12_000 };
    const figures = await attackSlowly(attack);
    t.diagnostic(JSON.stringify(figures));
    assert.ok(figures.slowestHeadMs <= headersTimeoutMs + 2000, `${figures.slowestHeadMs} ms`);
    assert.ok(figures.slowestBodyMs <= bodyGraceMs + 2000, `${figures.slowestBodyMs} ms`);
    assert.equal(figures.during.failed, 0);
    assert.ok(
      figures.during.p99Ms <= 2 * figures.before.p99Ms,
      `p99 ${figures.during.p99Ms} ms, before ${figures.before.p99Ms} ms`,
    );
  },
);
