import { Redis } from "ioredis";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import type { GatewayEvent } from "../../gateway/exchange/events.ts";
import type { RedisServer } from "../support/redis-server.ts";

import { gcraScript, scriptBurst } from "../../gateway/admit/gcra-script.ts";
import { gcra, nextTat, waitMs } from "../../gateway/admit/gcra.ts";
import { QuotaStore } from "../../gateway/admit/shared-quota.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { redisIsMissing, startRedis } from "../support/redis-server.ts";
import { freshSeed, seeded } from "../support/seeded.ts";
import { until } from "../support/until.ts";

const limit = { requests: 1, per: 3_600_000, burst: 3, by: "ip", maxClients: 10, shared: true } as const;

describe("quotas in Redis", { skip: redisIsMissing, timeout: 20_000 }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(async () => {
    await redis[Symbol.asyncDispose]();
  });

  async function store() {
    const clock = new FakeClock();
    const events: GatewayEvent[] = [];
    const opened = new QuotaStore({
      config: { url: redis.url, timeout: 20, prefix: "test" },
      clock,
      random: () => 0,
      report: (event) => events.push(event),
    });
    await until(() => opened.isUp);
    const quota = opened.quota("route", { ...limit, failMode: "open" });
    return { clock, events, quota, opened, [Symbol.dispose]: () => opened.close() };
  }

  test("a quota taken by one gateway is gone for the other", async () => {
    using one = await store();
    using other = await store();
    assert.equal(await one.quota.take("shared"), 0);
    assert.equal(await other.quota.take("shared"), 0);
    assert.equal(await one.quota.take("shared"), 0);
    const wait = (await other.quota.take("shared")) ?? 0;
    assert.ok(wait > 3_590_000 && wait <= 3_600_000, `${wait} ms`);
    assert.equal(await other.quota.take("somebody else"), 0);
  });

  test("a late answer is awaited for as long as configured, and by nobody else", async () => {
    using late = await store();
    redis.freeze();
    let answer: unknown = "none";
    const asked = Promise.resolve(late.quota.take("late")).then((wait) => (answer = wait));
    late.clock.advance(19);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answer, "none");
    late.clock.advance(1);
    await asked;
    assert.equal(answer, undefined);
    assert.equal(late.opened.isUp, false);
    assert.equal(late.quota.take("late"), undefined, "at once");
    redis.thaw();
    await until(() => late.opened.isUp);
    assert.equal(await late.quota.take("late"), 0);
    assert.deepEqual(late.events, [{ event: "quota_store", state: "up" }], "a moment's delay is no outage");
  });

  test("a store that is gone is told of once, and is back without a restart", async () => {
    using lost = await store();
    await redis.kill();
    await until(() => !lost.opened.isUp);
    assert.equal(lost.quota.take("lost"), undefined);
    await redis.start();
    await until(() => lost.opened.isUp);
    assert.equal(await lost.quota.take("lost"), 0);
    assert.deepEqual(
      lost.events.map((event) => "state" in event && event.state),
      ["up", "down", "up"],
    );
  });

  test("Redis counts as the gateway does, request by request", async (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const random = seeded(seed);
    const upTo = (most: number): number => 1 + Math.floor(random() * most);
    const client = new Redis(redis.url);
    // The test's own time in place of the store's, by which keys would expire.
    const script = gcraScript
      .replace("redis.call('TIME')", "{ ARGV[5], ARGV[6] }")
      .replace("'PX', math.ceil(tat - now)", "'PX', 60000");
    const from = Math.floor(Date.now() / 1000);
    try {
      for (let run = 0; run < 100; run += 1) {
        const quota = { requests: upTo(50), per: 1000 * upTo(60), burst: upTo(10) };
        const rule = gcra(quota);
        const { points, durationSeconds, ttlSeconds } = scriptBurst(quota);
        let tat = -Infinity;
        for (let now = 0, n = 0; n < 30; n += 1, now += Math.floor(random() * 3 * rule.intervalMs)) {
          const time = [from + Math.floor(now / 1000), (now % 1000) * 1000];
          const reply = await client.eval(script, 1, `run ${run}`, 1, ttlSeconds, points, durationSeconds, ...time);
          const wait = waitMs(rule, tat, now);
          const [taken, told] = reply as [number, number];
          assert.equal(taken <= points, wait === 0, `run ${run}, request ${n}`);
          assert.ok(Math.abs(told - wait) <= 1.2, `${told} ms told, ${wait} ms due`);
          if (wait === 0) tat = nextTat(rule, tat, now);
        }
      }
    } finally {
      client.disconnect();
    }
  });
});
