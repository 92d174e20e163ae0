import assert from "node:assert/strict";

import type { ConfigShape } from "../support/config-file.ts";
import type { GatewayProcess } from "../support/gateway-process.ts";
import type { Asked } from "../support/open-loop.ts";
import type { RedisServer } from "../support/redis-server.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { OpenLoop, askSteadily, countOf, percentileMs, spanOf, wholeSpanOf } from "../support/open-loop.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { startRedis } from "../support/redis-server.ts";
import { until } from "../support/until.ts";
import { answering } from "../support/upstream-scripts.ts";

export interface QuotaShape {
  readonly requestsPerSecond: number;
  readonly burst: number;
  readonly seconds: number;
}

export interface QuotaFigures extends QuotaShape {
  readonly offered: number;
  readonly admitted: number;
  /** burst + rate × the time from the first request to the last. */
  readonly due: number;
  readonly deviation: string;
}

const greed = 20;

function limited(target: string, limit: object, redis?: RedisServer): ConfigShape {
  return singleRoute({
    target,
    log: { level: "warn", access: false },
    upstream: { concurrency: { limit: 1000 } },
    route: { rateLimit: { per: "1s", ...limit } },
    ...(redis === undefined ? {} : { redis: { url: redis.url } }),
  });
}

function judge(shape: QuotaShape, asked: readonly Asked[]): QuotaFigures {
  const admitted = countOf(asked, 200);
  const dueWithin = (seconds: number): number => shape.burst + shape.requestsPerSecond * seconds;
  // The gateway met each of them between its sending and its answer.
  const [due, most] = [dueWithin(spanOf(asked)), dueWithin(wholeSpanOf(asked))];
  const share = admitted / due - 1;
  assert.equal(admitted + countOf(asked, 429), asked.length, "served or rate_limited, and nothing else");
  assert.ok(admitted >= 0.95 * due && admitted <= 1.05 * most, `${admitted} admitted of ${due} to ${most} due`);
  const deviation = `${(share * 100).toFixed(2)} %`;
  return { ...shape, offered: asked.length, admitted, due: Math.round(due), deviation };
}

/** One client at twenty times its quota gets just its quota, and one that keeps to it loses nothing. */
export async function floodQuota(shape: QuotaShape): Promise<QuotaFigures> {
  const { requestsPerSecond: requests, burst, seconds } = shape;
  await using upstream = await startUpstream(answering());
  await using gateway = await spawnGateway(limited(upstream.url, { requests, burst, by: "header:X-Client" }));
  const ports = [gateway.port];
  const [greedy, modest] = await Promise.all([
    askSteadily({ ports, ratePerSecond: greed * requests, fields: [["X-Client", "greedy"]] }, seconds),
    askSteadily({ ports, ratePerSecond: requests / 2, fields: [["X-Client", "modest"]] }, seconds),
  ]);
  assert.equal(countOf(modest, 200), modest.length, "the modest client lost nothing");
  return judge(shape, greedy);
}

/** The same through two gateways that share the quota in one Redis. */
export async function shareQuota(shape: QuotaShape): Promise<QuotaFigures & { readonly storeLosses: number[] }> {
  const { requestsPerSecond: requests, burst, seconds } = shape;
  await using upstream = await startUpstream(answering());
  await using redis = await startRedis();
  const config = limited(upstream.url, { requests, burst, shared: true }, redis);
  await using one = await spawnGateway(config);
  await using other = await spawnGateway(config);
  await Promise.all([storeIs(1, one), storeIs(1, other)]);
  const asked = await askSteadily({ ports: [one.port, other.port], ratePerSecond: greed * requests }, seconds);
  assert.deepEqual([one.errorText, other.errorText], ["", ""]);
  return { ...judge(shape, asked), storeLosses: [one, other].map(storeLosses) };
}

export interface OutageShape {
  readonly ratePerSecond: number;
  /** Of each part: before, without Redis, after; and again with one that hangs. */
  readonly seconds: number;
}

export interface OutageFigures extends OutageShape {
  readonly asked: number;
  /** Of the limited route less that of one without a limit, asked of the same gateway at the same time. */
  readonly addedP99Ms: Readonly<Record<string, number>>;
  readonly slowestMs: number;
  /** From when Redis answers again to when quotas are shared again. */
  readonly backAfterMs: number;
}

/** Redis is killed and started anew, then hangs and goes on: no request fails, and none waits long. */
export async function loseRedis(shape: OutageShape): Promise<OutageFigures> {
  await using upstream = await startUpstream(answering());
  await using redis = await startRedis();
  await using gateway = await spawnGateway(besideAFreeRoute(upstream.url, redis));
  await storeIs(1, gateway);
  const common = { ports: [gateway.port], ratePerSecond: shape.ratePerSecond };
  const limitedLoad = new OpenLoop({ ...common, target: "/limited" });
  const freeLoad = new OpenLoop({ ...common, target: "/free" });
  const addedP99Ms: Record<string, number> = {};
  const part = async (name: string, change: () => unknown, state: 0 | 1): Promise<number> => {
    const from = [limitedLoad.asked.length, freeLoad.asked.length];
    await change();
    const began = performance.now();
    await storeIs(state, gateway);
    const settledMs = Math.round(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, shape.seconds * 1000));
    const [withLimit = 0, without = 0] = [limitedLoad, freeLoad].map(({ asked }, index) =>
      percentileMs(asked.slice(from[index]), 0.99),
    );
    addedP99Ms[name] = Math.round((withLimit - without) * 100) / 100;
    return settledMs;
  };
  await part("before", () => {}, 1);
  await part("killed", () => redis.kill(), 0);
  const backAfterMs = await part("back", () => redis.start(), 1);
  assert.equal(await redis.size(), 1, "quotas are shared again");
  await part("frozen", () => redis.freeze(), 0);
  await part("thawed", () => redis.thaw(), 1);
  const [asked] = await Promise.all([limitedLoad.stop(), freeLoad.stop()]);

  assert.deepEqual([...new Set(asked.map(({ status }) => status))], [200], "no request failed");
  assert.equal(gateway.errorText, "");
  return { ...shape, asked: asked.length, addedP99Ms, slowestMs: percentileMs(asked, 1), backAfterMs };
}

function besideAFreeRoute(target: string, redis: RedisServer): ConfigShape {
  // Enough for all, and each request is remembered for a while.
  const rateLimit = { requests: 10, per: "1s", burst: 1_000_000, shared: true };
  return {
    log: { level: "warn", access: false },
    redis: { url: redis.url },
    upstreams: { service: { targets: [target], concurrency: { limit: 1000 } } },
    routes: [
      { id: "limited", path: "/limited", upstream: "service", rateLimit },
      { id: "free", path: "/free", upstream: "service" },
    ],
  };
}

function storeLosses({ log }: GatewayProcess): number {
  return log.lines.filter((line) => line["event"] === "quota_store" && line["state"] === "down").length;
}

/** Awaits that the gateway has its store (1), or knows that it has lost it (0). */
async function storeIs(state: 0 | 1, { adminPort }: GatewayProcess): Promise<void> {
  await until(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    return metrics.includes(`\nstatuswise_quota_store_up ${state}\n`);
  });
}
