import assert from "node:assert/strict";

import type { LogLine } from "../support/log-lines.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { OpenLoop } from "../support/open-loop.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { ok } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";

export interface KillShape {
  readonly ratePerSecond: number;
  /** How long all three serve, how long one is gone, and how long the load goes on once it is healthy again. */
  readonly soundMs: number;
  readonly goneMs: number;
  readonly afterMs: number;
  readonly slowStartMs: number;
  /** The upstream's block of the config beside its targets; the product's defaults for the rest. */
  readonly upstream?: Readonly<Record<string, unknown>>;
}

export interface KillFigures {
  readonly requests: number;
  readonly failed: number;
  readonly retried: number;
  /** From the restart to the probes' verdict. */
  readonly healthyAfterMs: number;
  /** Share of the restarted target in each tenth of the slow start, and from its end on. Even is a third. */
  readonly shares: readonly number[];
  readonly shareAfter: number;
}

/** What an answer takes: so that requests are under way at any moment. */
const serviceMs = 20;

/** A target that answers after a moment, and remembers when it was asked; `kill` cuts its connections. */
class Target {
  readonly received: number[] = [];
  #server: RawUpstream | undefined;
  port = 0;

  async start(): Promise<void> {
    const play = { port: this.port };
    this.#server = await startUpstream(async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target !== "/healthz") this.received.push(Date.now());
        await new Promise((resolve) => setTimeout(resolve, serviceMs));
        connection.write(ok);
      }
    }, play);
    this.port = this.#server.port;
  }

  async kill(): Promise<void> {
    for (const connection of this.#server?.connections ?? []) connection.reset();
    await this.#server?.[Symbol.asyncDispose]();
  }
}

/** One of three targets is killed under load and started again: what its clients saw, asserted and measured. */
export async function killAndRestart(shape: KillShape): Promise<KillFigures> {
  const targets = [new Target(), new Target(), new Target()] as const;
  for (const target of targets) await target.start();
  await using gateway = await spawnGateway({
    upstreams: {
      service: {
        targets: targets.map(({ port }) => `http://127.0.0.1:${port}`),
        slowStart: `${shape.slowStartMs}ms`,
        health: {},
        ...shape.upstream,
      },
    },
    routes: [{ id: "everything", path: "/*", upstream: "service", retry: {} }],
  });
  const [victim] = targets;
  const load = new OpenLoop({ ports: [gateway.port], ratePerSecond: shape.ratePerSecond });
  const passed = async (ms: number, since = Date.now()): Promise<void> => until(() => Date.now() >= since + ms);
  await passed(shape.soundMs);
  await victim.kill();
  const unhealthy = gateway.log.line(isHealth(victim, "unhealthy"));
  await Promise.all([unhealthy, passed(shape.goneMs)]);
  await victim.start();
  const restartedAt = Date.now();
  const healthyAt = Date.parse(String((await gateway.log.line(isHealth(victim, "healthy")))["time"]));
  await passed(shape.afterMs, healthyAt);
  const asked = await load.stop();
  for (const target of targets) await target.kill();

  const shareBetween = (from: number, to: number): number => {
    const counts = targets.map(({ received }) => received.filter((at) => at >= from && at < to).length);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return Math.round(((counts[0] ?? 0) / total) * 1000) / 1000;
  };
  const step = shape.slowStartMs / 10;
  const lines = gateway.log.lines.filter((line) => line["event"] === "request");
  return {
    requests: asked.length,
    failed: asked.filter(({ status }) => status !== 200).length,
    retried: lines.filter((line) => line["retries"] !== null).length,
    healthyAfterMs: healthyAt - restartedAt,
    shares: Array.from({ length: 10 }, (_, n) => shareBetween(healthyAt + n * step, healthyAt + (n + 1) * step)),
    shareAfter: shareBetween(healthyAt + shape.slowStartMs, healthyAt + shape.afterMs),
  };
}

function isHealth({ port }: Target, to: string) {
  return (line: LogLine): boolean =>
    line["event"] === "health" && line["to"] === to && line["target"] === `127.0.0.1:${port}`;
}

/** The bounds of the acceptance run. `tolerance` is what chance may take from or add to an even share. */
export function assertUnnoticed({ failed, shares, shareAfter }: KillFigures, tolerance: number): void {
  assert.equal(failed, 0, "no client noticed");
  assert.ok(Math.abs(shareAfter - 1 / 3) <= tolerance, `share ${shareAfter} after the slow start`);
  assert.ok((shares[0] ?? 1) < 1 / 6, `share ${shares[0]} at the beginning`);
}
