/**
 * What one request costs: CPU time of the proxy's process, user and system, per answered request, at 64 keep-alive
 * connections. The gateway runs with everything on (access log, metrics, breaker, limit, validation of the POST);
 * beside it, in the same run, bare http-proxy and bare @fastify/http-proxy, which do none of that. A last column is what
 * the gateway pays for a refusal.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import { join } from "node:path";

import type { Child } from "./child.ts";
import type { Request } from "./workloads.ts";

import { startChild } from "./child.ts";
import { drive } from "./driver.ts";
import { get, post } from "./workloads.ts";

interface Workload extends Request {
  /** Refused with it, which only the gateway knows how to do. */
  readonly refusal?: number;
}

const connections = 64;
const rounds = 5;
const roundMs = 1_200;
const warmUpMs = 1_000;

const workloads: readonly Workload[] = [
  get,
  post,
  {
    name: "GET, refused",
    request: Buffer.from("GET /closed HTTP/1.1\r\nHost: api.example.com\r\nAccept: */*\r\n\r\n"),
    refusal: 503,
  },
];

async function startProxies(upstream: string): Promise<readonly Child[]> {
  const file = (name: string): string => join(import.meta.dirname, name);
  const main = file("../../gateway/main.ts");
  const gateway = startChild("statuswise", [main, "start", "--config", file("gateway.yaml")], { UPSTREAM: upstream });
  const httpProxy = startChild("http-proxy", [file("http-proxy.ts"), upstream]);
  const fastify = startChild("@fastify/http-proxy", [file("fastify-http-proxy.ts"), upstream]);
  return Promise.all([gateway, httpProxy, fastify]);
}

function loadOf({ port }: Child, { request, refusal: status = 200 }: Workload) {
  return { port, request, status, connections };
}

async function costOf(proxy: Child, workload: Workload): Promise<number> {
  const before = proxy.cpuMicroseconds();
  const answers = await drive({ ...loadOf(proxy, workload), durationMs: roundMs });
  return (proxy.cpuMicroseconds() - before) / answers;
}

/** Rounds alternate among the proxies, each round beginning with another one, so that a busy machine hits all alike. */
async function measure(proxies: readonly Child[], workload: Workload): Promise<ReadonlyMap<string, number>> {
  const costs = new Map<string, number[]>(proxies.map((proxy) => [proxy.name, []]));
  for (const proxy of proxies) await drive({ ...loadOf(proxy, workload), durationMs: warmUpMs });
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < proxies.length; turn += 1) {
      const proxy = proxies[(round + turn) % proxies.length];
      if (proxy !== undefined) costs.get(proxy.name)?.push(await costOf(proxy, workload));
    }
  }
  return new Map([...costs].map(([name, samples]) => [name, median(samples)]));
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;
}

function versionOf(name: string): string {
  const path = join(import.meta.dirname, "../../node_modules", name, "package.json");
  return `${name} ${(JSON.parse(readFileSync(path, "utf8")) as { version: string }).version}`;
}

function printMethod(): void {
  console.log(`machine   ${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, Linux ${release()}`);
  console.log(
    `versions  node ${process.versions.node}, ${["http-proxy", "@fastify/http-proxy"].map(versionOf).join(", ")}`,
  );
  console.log(
    `method    CPU µs per request (user+sys of the proxy's process from /proc), ${connections} keep-alive connections,\n` +
      `          closed loop, median of ${rounds} alternating rounds of ${roundMs} ms after ${warmUpMs} ms of warm-up\n`,
  );
}

function printTable(results: ReadonlyArray<{ workload: Workload; costs: ReadonlyMap<string, number> }>): void {
  const names = [...(results[0]?.costs.keys() ?? [])];
  console.log(["µs per request".padEnd(22), ...results.map(({ workload }) => workload.name.padStart(24))].join(""));
  for (const name of names) {
    const cells = results.map(({ costs }) => {
      const cost = costs.get(name);
      if (cost === undefined) return "–".padStart(24);
      const ratio = cost / (costs.get("statuswise") ?? Number.NaN);
      return `${cost.toFixed(1)}  (${ratio.toFixed(2)} ×)`.padStart(24);
    });
    console.log([name.padEnd(22), ...cells].join(""));
  }
}

printMethod();
const upstream = await startChild("upstream", [join(import.meta.dirname, "upstream.ts")]);
const proxies = await startProxies(`http://127.0.0.1:${upstream.port}`);
try {
  const results = [];
  for (const workload of workloads) {
    const able = workload.refusal === undefined ? proxies : proxies.slice(0, 1);
    results.push({ workload, costs: await measure(able, workload) });
  }
  printTable(results);
} finally {
  for (const child of [...proxies, upstream]) await child.stop();
}
