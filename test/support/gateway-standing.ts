import assert from "node:assert/strict";

import type { UpstreamView } from "../../gateway/exchange/events.ts";
import type { GatewayProcess } from "./gateway-process.ts";

import { openSockets } from "./gateway-vitals.ts";
import { loadOf } from "./gateway-harness.ts";

interface ProcessStatus {
  readonly pid?: number;
  readonly inFlight: number;
  readonly connections: { readonly open: number };
  readonly upstreams: readonly UpstreamView[];
}

/** What stands in all processes of a gateway together. */
export interface Standing {
  readonly connections: number;
  readonly exchanges: number;
  readonly inFlight: number;
  readonly queued: number;
  readonly busy: number;
  readonly idle: number;
  readonly webSockets: number;
  /** Gauges of /metrics that are above 0 and should not be, as name and value. */
  readonly gauges: readonly string[];
}

const gauges = /^statuswise_(?:in_flight|queue_depth|websockets|connections|\w*buffered\w*)(?:\{.*\})? (?!0$)\S+$/gm;

async function standingOf({ adminPort }: GatewayProcess): Promise<Standing> {
  const admin = `http://127.0.0.1:${adminPort}`;
  const status = (await (await fetch(`${admin}/status`)).json()) as ProcessStatus & {
    readonly workers?: readonly ProcessStatus[];
  };
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  const processes = status.workers ?? [status];
  const upstreams = processes.flatMap((process) => process.upstreams);
  const sum = (of: (process: ProcessStatus) => number): number =>
    processes.reduce((total, process) => total + of(process), 0);
  return {
    ...loadOf(upstreams),
    connections: sum(({ connections }) => connections.open),
    exchanges: sum(({ inFlight }) => inFlight),
    webSockets: upstreams.reduce((total, { webSockets }) => total + webSockets, 0),
    gauges: metrics.match(gauges) ?? [],
  };
}

/** Sockets that the processes hold, each of its own. */
export function socketsOf(pids: readonly number[]): readonly number[] {
  return pids.map(openSockets);
}

const lookEveryMs = 50;

/** Waits until nothing stands and each process has no more sockets than before, pooled connections included. */
export async function settle(
  gateway: GatewayProcess,
  {
    pids,
    before,
    withinMs,
  }: { readonly pids: readonly number[]; readonly before: readonly number[]; readonly withinMs: number },
): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const standing = await standingOf(gateway);
    const surplus = socketsOf(pids).map((count, n) => count - (before[n] ?? 0));
    const isClear =
      Object.values(standing)
        .flat()
        .every((count) => count === 0) && surplus.every((count) => count <= 0);
    if (isClear) return;
    if (performance.now() > until)
      assert.fail(`stands after ${withinMs} ms: ${JSON.stringify({ ...standing, surplus })}`);
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
