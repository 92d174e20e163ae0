import assert from "node:assert/strict";
import { test } from "node:test";

import { attackSlowly } from "./slow-clients.ts";

test(
  "slow heads and slow bodies end in their time, and ordinary requests are served meanwhile",
  { timeout: 30_000 },
  async (t) => {
    const attack = {
      heads: 60,
      bodies: 20,
      headersTimeoutMs: 1000,
      bodyGraceMs: 1000,
      ratePerSecond: 100,
      beforeMs: 500,
    };
    const figures = await attackSlowly(attack);
    t.diagnostic(JSON.stringify(figures));
    assert.ok(figures.slowestHeadMs < 1000 + 2000, `${figures.slowestHeadMs} ms`);
    assert.ok(figures.slowestBodyMs < 1000 + 2000, `${figures.slowestBodyMs} ms`);
    assert.equal(figures.during.failed, 0);
    assert.ok(figures.during.served >= 100);
  },
);
