import assert from "node:assert/strict";
import { readdirSync } from "node:fs";

import type { ConfigShape } from "../support/config-file.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";

import { loadOf, readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { OpenLoop, countOf, percentileMs } from "../support/open-loop.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { answering, ok } from "../support/upstream-scripts.ts";

export interface ReloadShape {
  readonly reloads: number;
  readonly ratePerSecond: number;
}

export interface ReloadFigures extends ReloadShape {
  readonly requests: number;
  readonly failed: number;
  readonly succeeded: number;
  readonly refused: number;
  readonly p99Ms: number;
  /** Of the whole gateway process. */
  readonly descriptors: { readonly before: number; readonly after: number };
  readonly timers: { readonly before: number; readonly after: number };
  readonly residentMiB: { readonly before: number; readonly after: number };
}

const slowMs = 100;

/** Answers at once on an even connection and after a while on an odd one, so that swaps meet requests under way. */
async function upstream(): Promise<RawUpstream> {
  return startUpstream(async (connection) => {
    if (connection.index % 2 === 0) return answering()(connection);
    for (;;) {
      await connection.readRequest();
      await new Promise((resolve) => setTimeout(resolve, slowMs));
      connection.write(ok);
    }
  });
}

/** Two upstreams on one route each: one that never changes, and one that is another at each reload. */
function shapeOf(same: RawUpstream, changing: RawUpstream, n: number): ConfigShape {
  const rest = { health: { path: "/", interval: "1s" }, timeouts: { keepAlive: "10m" } };
  return {
    upstreams: {
      same: { targets: [same.url], ...rest },
      changing: { targets: [changing.url], ...rest, concurrency: { limit: 200 + n } },
    },
    routes: [
      { id: "same", path: "/same", upstream: "same", rateLimit: { requests: 1000, per: "1s", burst: 1000, by: "ip" } },
      { id: "changing", path: "/*", upstream: "changing" },
    ],
    log: { access: false },
  };
}

/**
 * Reloads again and again under steady load, every fifth time a broken file: no request may fail, and in the end the
 * process holds what it held in the beginning.
 */
export async function reloadUnderLoad(shape: ReloadShape): Promise<ReloadFigures> {
  await using same = await upstream();
  await using first = await upstream();
  await using second = await upstream();
  await using gateway = await spawnGateway(shapeOf(same, first, 0));
  const { pid, port, adminPort, log } = gateway;
  const settled = async (): Promise<boolean> => {
    const { connections, upstreams } = await readStatus(adminPort);
    const { inFlight, busy } = loadOf(upstreams);
    return inFlight === 0 && busy === 0 && connections.open === 0;
  };
  const told = (outcome: "success" | "failure"): number =>
    log.lines.filter((line) => line["event"] === "reload" && line["outcome"] === outcome).length;

  const warmUp = new OpenLoop({ ports: [port], ratePerSecond: shape.ratePerSecond, target: "/same" });
  await until(() => warmUp.asked.length >= 50);
  await warmUp.stop();
  await until(settled);
  const before = await held(adminPort, pid, gateway.residentBytes);

  const loads = ["/same", "/"].map((target) => {
    return new OpenLoop({ ports: [port], ratePerSecond: shape.ratePerSecond / 2, target });
  });
  for (let n = 1; n <= shape.reloads; n += 1) {
    const asked = loads[0]?.asked.length ?? 0;
    // The file is looked at as well, so that there may be more reloads than signals.
    const outcome = n % 5 === 0 ? "failure" : "success";
    const toldBefore = told(outcome);
    if (outcome === "failure") gateway.rewriteText('{"routes": [');
    else gateway.rewrite(shapeOf(same, n % 2 === 0 ? first : second, n));
    gateway.signal("SIGHUP");
    await until(() => told(outcome) > toldBefore);
    await until(() => (loads[0]?.asked.length ?? 0) > asked + 2);
  }
  const asked = (await Promise.all(loads.map((load) => load.stop()))).flat();
  await until(settled);
  // A probe may be under way at any moment, and holds a descriptor; a leaked one would never go.
  let after = before;
  await until(async () => {
    after = await held(adminPort, pid, gateway.residentBytes);
    return after.descriptors <= before.descriptors;
  });

  const figures = {
    ...shape,
    requests: asked.length,
    failed: asked.length - countOf(asked, 200),
    succeeded: told("success"),
    refused: told("failure"),
    p99Ms: percentileMs(asked, 0.99),
    descriptors: { before: before.descriptors, after: after.descriptors },
    timers: { before: before.timers, after: after.timers },
    residentMiB: { before: before.residentMiB, after: after.residentMiB },
  };
  const said = JSON.stringify(figures);
  assert.equal(figures.failed, 0, said);
  assert.ok(figures.refused >= Math.floor(shape.reloads / 5), said);
  assert.ok(figures.succeeded + figures.refused >= shape.reloads, said);
  assert.ok(figures.descriptors.after <= figures.descriptors.before, said);
  assert.ok(figures.timers.after <= figures.timers.before + 2, said);
  // Idle connections would stay for ten minutes: what is open is what the present pools say that they have.
  await until(() => same.openConnections + first.openConnections + second.openConnections === after.idle);
  return figures;
}

interface Held {
  readonly descriptors: number;
  readonly timers: number;
  readonly residentMiB: number;
  /** Connections in the pools, which are not in `descriptors`. */
  readonly idle: number;
}

async function held(adminPort: number, pid: number, residentBytes: number): Promise<Held> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const timers = /^nodejs_active_resources\{type="Timeout"\} (\d+)$/m.exec(text)?.[1] ?? "0";
  const { idle } = loadOf((await readStatus(adminPort)).upstreams);
  const descriptors = readdirSync(`/proc/${pid}/fd`).length - idle;
  return { descriptors, idle, timers: Number(timers), residentMiB: Math.round(residentBytes / 2 ** 20) };
}
