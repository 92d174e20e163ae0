import assert from "node:assert/strict";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";
import type { Scene } from "./hostile-acts.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { loadOf, readStatus } from "../support/gateway-harness.ts";
import { exchange } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { seeded } from "../support/seeded.ts";
import { until } from "../support/until.ts";
import { ok, responseBytes } from "../support/upstream-scripts.ts";
import { playFaults } from "./faults.ts";
import { hostileActs, playAct } from "./hostile-acts.ts";

export interface HostileShape {
  readonly seconds: number;
  /** Hostile connections begun per second. */
  readonly ratePerSecond: number;
  readonly seed: number;
  /** How long patient attackers hold on; the gateway's own limits are of that size. */
  readonly holdMs: number;
  /** Called every `reportSeconds` with the gateway's resident memory. */
  readonly report: (at: { readonly second: number; readonly residentMiB: number }) => void;
  readonly reportSeconds: number;
}

export interface HostileFigures {
  readonly acts: number;
  /** Ordinary requests meanwhile, and the slowest of them. */
  readonly served: number;
  readonly slowestMs: number;
}

const large = responseBytes("200 OK", "x".repeat(300_000));

const good: UpstreamScript = async (connection) => {
  for (;;) {
    const { target } = await connection.readRequest();
    connection.write(target === "/good/large" ? large : ok);
  }
};

/**
 * Everything bad at once, in any order: through it all ordinary requests are served, no failure is `internal`, nothing
 * reaches standard error, and after it nothing stands.
 */
export async function sufferHostility(shape: HostileShape): Promise<HostileFigures> {
  await using goodUpstream = await startUpstream(good);
  await using evilUpstream = await startUpstream(playFaults);
  await using gateway = await spawnGateway(configOf(goodUpstream.url, evilUpstream.url, shape.holdMs));
  const scene: Scene = { port: gateway.port, random: seeded(shape.seed), holdMs: shape.holdMs };
  const acts: Promise<void>[] = [];
  let served = 0;
  let slowestMs = 0;
  for (let second = 1; second <= shape.seconds; second += 1) {
    const endsAt = performance.now() + 1000;
    for (let n = 0; n < shape.ratePerSecond; n += 1) {
      // The first round plays each act once, so that the shortest run misses none.
      const nth = acts.length < hostileActs.length ? acts.length : Math.floor(scene.random() * hostileActs.length);
      acts.push(playAct(hostileActs[nth] ?? assert.fail(), scene));
      const began = performance.now();
      assert.equal((await exchange(gateway.port, { target: "/good" })).status, 200);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      served += 1;
      await pause((endsAt - performance.now()) / (shape.ratePerSecond - n));
    }
    if (second % shape.reportSeconds === 0) shape.report({ second, residentMiB: residentMiBOf(gateway) });
  }
  await Promise.all(acts);
  await assertNothingStands(gateway);
  assert.deepEqual([...goodUpstream.faults, ...evilUpstream.faults], []);
  return { acts: acts.length, served, slowestMs: Math.round(slowestMs) };
}

async function assertNothingStands(gateway: GatewayProcess): Promise<void> {
  await until(async () => {
    const status = await readStatus(gateway.adminPort);
    const { inFlight, queued, busy } = loadOf(status.upstreams);
    return inFlight === 0 && queued === 0 && busy === 0 && status.connections.open === 0;
  });
  const internal = gateway.log.lines.filter((line) => line["code"] === "internal");
  assert.deepEqual(internal, []);
  assert.equal(gateway.errorText, "");
  assert.equal((await exchange(gateway.port, { target: "/good" })).status, 200);
}

function configOf(goodUrl: string, evilUrl: string, holdMs: number) {
  const limit = `${holdMs}ms`;
  return {
    listen: { headersTimeout: limit, bodyGrace: limit, keepAlive: limit },
    schemas: { "any.json": { type: "object" } },
    upstreams: {
      good: { targets: [goodUrl], concurrency: { limit: 1000 } },
      evil: {
        targets: [evilUrl],
        timeouts: { headers: "300ms", idle: "300ms", connect: "2s" },
        // What is bad here stays bad: an open breaker would hide the upstream's worst from the gateway.
        breaker: { minimumRequests: 1_000_000 },
        concurrency: { limit: 1000 },
      },
    },
    routes: [
      {
        id: "validated",
        path: "/good/validated",
        upstream: "good",
        request: { body: { schema: "any.json", maxSize: "64KiB" } },
      },
      { id: "good", path: "/good/*", upstream: "good" },
      { id: "evil", path: "/*", upstream: "evil" },
    ],
  };
}

function residentMiBOf(gateway: GatewayProcess): number {
  return Math.round(gateway.residentBytes / 2 ** 20);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
