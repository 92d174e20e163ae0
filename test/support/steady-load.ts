import type { ChildProcess } from "node:child_process";

import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { RawClient } from "./raw-client.ts";

import { connectClient, requestBytes } from "./raw-client.ts";

interface LoadOptions {
  readonly port: number;
  readonly target: string;
  readonly ratePerSecond: number;
}

/** What became of the ordinary requests since the last look. */
export interface LoadFigures {
  readonly served: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

/**
 * Ordinary requests at a steady rate over kept connections, from a process of its own: what the test's own does
 * meanwhile is not in the figures. Times count from when a request was due, so that a gateway that stalls is charged
 * for those it kept from being sent.
 */
export class SteadyLoad implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor(options: LoadOptions) {
    this.#child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)]);
  }

  /** The figures since the last call; the first since the start. */
  async figures(): Promise<LoadFigures> {
    this.#child.send("figures");
    const [figures] = (await once(this.#child, "message")) as [LoadFigures];
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await once(this.#child, "exit");
  }
}

function figuresOf(latencies: readonly number[], failed: number): LoadFigures {
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { served: sorted.length, failed, p50Ms: at(0.5), p99Ms: at(0.99), slowestMs: at(1) };
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

async function run({ port, target, ratePerSecond }: LoadOptions): Promise<void> {
  const bytes = requestBytes({ target });
  const idle: RawClient[] = [];
  let latencies: number[] = [];
  let failed = 0;
  process.on("disconnect", () => process.exit());
  process.on("message", () => {
    process.send?.(figuresOf(latencies, failed));
    latencies = [];
    failed = 0;
  });
  const one = async (dueAt: number): Promise<void> => {
    try {
      const client = idle.pop() ?? (await connectClient(port));
      client.send(bytes);
      const { status } = await client.response();
      if (status !== 200) throw new Error(`status ${status}`);
      latencies.push(performance.now() - dueAt);
      idle.push(client);
    } catch {
      failed += 1;
    }
  };
  const began = performance.now();
  for (let sent = 0; ;) {
    const now = performance.now();
    for (; began + (sent * 1000) / ratePerSecond <= now; sent += 1) void one(began + (sent * 1000) / ratePerSecond);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? "{}") as LoadOptions);
