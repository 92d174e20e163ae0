import { describe, test } from "node:test";

import { redisIsMissing } from "../support/redis-server.ts";
import { floodQuota, loseRedis, shareQuota } from "./rate-limits.ts";

describe("rate limits under load", () => {
  test("a client at twenty times its quota gets its quota", { timeout: 20_000 }, async () => {
    await floodQuota({ requestsPerSecond: 50, burst: 20, seconds: 1.5 });
  });

  test("two gateways share one quota", { timeout: 20_000, skip: redisIsMissing }, async () => {
    await shareQuota({ requestsPerSecond: 50, burst: 20, seconds: 1.5 });
  });

  test("nobody notices that Redis is gone", { timeout: 20_000, skip: redisIsMissing }, async () => {
    await loseRedis({ ratePerSecond: 200, seconds: 0.4 });
  });
});
