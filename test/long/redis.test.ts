import assert from "node:assert/strict";
import { test } from "node:test";

import { loseRedis, shareQuota } from "../journeys/rate-limits.ts";
import { redisIsMissing } from "../support/redis-server.ts";

test(
  "two gateways on one Redis, at 20 times a quota of 100 a second",
  { timeout: 60_000, skip: redisIsMissing },
  async (t) => {
    t.diagnostic(JSON.stringify(await shareQuota({ requestsPerSecond: 100, burst: 50, seconds: 20 })));
  },
);

test(
  "Redis killed and restarted, frozen and thawed, at 300 requests a second",
  { timeout: 60_000, skip: redisIsMissing },
  async (t) => {
    const figures = await loseRedis({ ratePerSecond: 300, seconds: 5 });
    t.diagnostic(JSON.stringify(figures));
    for (const [part, added] of Object.entries(figures.addedP99Ms)) assert.ok(added <= 25, `${part}: ${added} ms more`);
  },
);
