import { setTimeout as delay } from "node:timers/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ConfigPatch, RunningSubject, Subject, SubjectEnd, SubjectSample } from "../scenario.ts";

import { startChild } from "../peers/child.ts";
import { AdminClient } from "./admin-client.ts";
import { patched, standingConfig, upstreamEnvironment } from "./gateway-config.ts";
import { warmUp } from "./warm-up.ts";

export interface StatuswiseOptions {
  /** Default: statuswise. */
  readonly name?: string;
  /** Default: concurrency.limit: knee. */
  readonly setting?: string;
  /** Over the scenario's own config. */
  readonly config?: ConfigPatch;
  /** For node itself, before the gateway's file. */
  readonly nodeArguments?: readonly string[];
}

/** What is read of /status. */
interface Status {
  readonly lastReload: { readonly outcome: string; readonly time: string } | null;
  readonly upstreams: ReadonlyArray<{
    readonly limit: number;
    readonly inFlight: number;
    readonly queued: number;
    readonly targets: ReadonlyArray<{
      readonly breaker: string;
      readonly breakerOpens: Readonly<Record<string, number>>;
    }>;
  }>;
}

const main = join(import.meta.dirname, "../../gateway/main.ts");
const collecting = ["--expose-gc", "--import", join(import.meta.dirname, "collect-on-signal.ts")];
const collectingMs = 200;
const reloadMs = 10_000;
const lookMs = 20;
const fromBestToWorst = ["closed", "half-open", "open"];

/** The gateway of this repository as its operators run it: a process of its own, its log written and read away. */
export function statuswise(options: StatuswiseOptions = {}): Subject {
  const { name = "statuswise", setting = "concurrency.limit: knee" } = options;
  return { name, setting, start: (servicePorts, config) => start(options, { servicePorts, config }) };
}

async function start(
  { name = "statuswise", config: own = {}, nodeArguments = [] }: StatuswiseOptions,
  { servicePorts, config }: { readonly servicePorts: readonly number[]; readonly config: ConfigPatch | undefined },
): Promise<RunningSubject> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "statuswise-load-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const file = join(folder, "gateway.json");
  const whole = patched(patched(standingConfig(servicePorts.length), config ?? {}), own);
  await writeFile(file, JSON.stringify(whole));
  // What it writes to disk goes with its config.
  const environment = { ...upstreamEnvironment(servicePorts), TMPDIR: folder };
  const args = [...collecting, ...nodeArguments, main, "start", "--config", file];
  const child = stack.use(await startChild(name, args, environment));
  await warmUp(child.port);
  const adminPort = Number(child.announced["adminPort"]);
  const admin = stack.use(new AdminClient(adminPort));
  const status = async (): Promise<Status> => JSON.parse(await admin.get("/status")) as Status;
  const owned = stack.move();
  return {
    port: child.port,
    adminPort,
    pid: child.pid,
    sample: async () => sampleOf(await status()),
    end: async () => endOf(await status(), await admin.get("/metrics")),
    async reconfigure(patch) {
      const { lastReload } = await status();
      await writeFile(file, JSON.stringify(patched(whole, patch)));
      await reloaded(status, lastReload?.time);
    },
    async liveBytes() {
      // What the first collection finds finished, native halves of sockets for one, only the second frees.
      for (let collection = 0; collection < 2; collection += 1) {
        process.kill(child.pid, "SIGUSR2");
        await delay(collectingMs);
      }
      return liveBytesOf(await admin.get("/metrics"));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Awaits that the gateway has seen the change of its file, about twice a second, and has it in force. */
async function reloaded(status: () => Promise<Status>, before: string | undefined): Promise<void> {
  for (const endsAtMs = performance.now() + reloadMs; performance.now() < endsAtMs;) {
    const { lastReload } = await status();
    if (lastReload !== null && lastReload.time !== before) {
      if (lastReload.outcome === "success") return;
      throw new Error(`the gateway refused its new config: ${lastReload.outcome}`);
    }
    await delay(lookMs);
  }
  throw new Error(`the gateway did not reload its config within ${reloadMs} ms`);
}

function sampleOf({ upstreams }: Status): SubjectSample {
  const { limit = 0, inFlight = 0, queued = 0 } = upstreams[0] ?? {};
  const breakers = upstreams.flatMap(({ targets }) => targets.map(({ breaker }) => fromBestToWorst.indexOf(breaker)));
  return { limit, inFlight, queued, breaker: fromBestToWorst[Math.max(0, ...breakers)] ?? "closed" };
}

function endOf({ upstreams }: Status, metrics: string): SubjectEnd {
  const opens = upstreams.flatMap(({ targets }) => targets.flatMap(({ breakerOpens }) => Object.values(breakerOpens)));
  return {
    inFlight: sum(upstreams.map(({ inFlight }) => inFlight)),
    internal: internalOf(metrics),
    breakerOpens: sum(opens),
  };
}

/** Requests whose outcome has the code `internal`, over all routes and methods. */
function internalOf(metrics: string): number {
  const series = metrics.matchAll(/^statuswise_requests_total\{[^}]*\bcode="internal"[^}]*\} (\d+)/gm);
  return sum([...series].map(([, count]) => Number(count)));
}

function liveBytesOf(metrics: string): number {
  const gauges = metrics.matchAll(/^(?:nodejs_heap_size_used_bytes|nodejs_external_memory_bytes) (\d+)/gm);
  return sum([...gauges].map(([, bytes]) => Number(bytes)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
