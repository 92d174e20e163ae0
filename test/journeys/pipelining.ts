import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";
import type { ServiceFigures } from "../support/service-figures.ts";

import { startChild } from "../../load-tests/peers/child.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { LogLines } from "../support/log-lines.ts";
import { Probes } from "../support/probes.ts";
import { requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { serviceFiguresOf } from "../support/service-figures.ts";
import { responseBytes } from "../support/upstream-scripts.ts";
import { inTime } from "../support/within.ts";

export interface PipelineShape {
  readonly connections: number;
  /** Requests that each connection sends at once. */
  readonly requestsEach: number;
  /**
   * `hung`: the upstream answers nothing, and has a permit for each connection. `refused`: it answers nothing, and has
   * the default limit of 100 permits, so that all others are refused. `unread`: it answers at once, no client reads.
   */
  readonly upstream: "hung" | "refused" | "unread";
  /** Body of an answer of the upstream. */
  readonly answerBytes?: number;
  /** Good requests that are awaited once nothing moves any more. */
  readonly probesAfter: number;
  readonly limitMs: number;
}

export interface PipelineFigures {
  readonly peakMiB: number;
  /** Requests that the attacked upstream was sent. */
  readonly forwarded: number;
  /** Of good clients of the other upstream. */
  readonly service: readonly ServiceFigures[];
}

const heapMiB = 256;
const maxResidentMiB = 400;
const servedWithinMs = 1000;
const mib = 1024 * 1024;
const sampleEveryMs = 50;
const probesPerSecond = 20;

/** Pipelines without reading, or towards an upstream that hangs, while a good client asks another upstream. */
export async function pipeline(shape: PipelineShape): Promise<PipelineFigures> {
  const state = { forwarded: 0 };
  await using attacked = await startAttacked(shape, state);
  await using healthy = await startChild("service", [join(import.meta.dirname, "../../load-tests/peers/upstream.ts")]);
  const config = configOf(shape, attacked.url, `http://127.0.0.1:${healthy.port}`);
  // The lines of so many requests are not kept: only the first one is awaited.
  const log = new LogLines((line) => line["event"] === "listening");
  await using gateway = await spawnGateway(config, log, [`--max-old-space-size=${heapMiB}`]);
  const good = { target: "/healthy", everyMs: 1000 / probesPerSecond };
  await using probes = new Probes(gateway, [
    { ...good, kind: "on kept connections" },
    { ...good, kind: "on new connections", isFresh: true },
  ]);
  await probes.further(probesPerSecond, 10_000);
  using memory = new MemoryWatch(gateway);
  using sockets = new DisposableStack();
  await attack(shape, gateway, sockets);
  await settles(shape, { probes, state, gateway });
  await alive(gateway, probes.further(shape.probesAfter, shape.limitMs));
  const service = serviceFiguresOf(await probes.stop(), servedWithinMs);
  const peakBytes = Math.max(memory.peakBytes, gateway.peakResidentBytes);
  return { peakMiB: Math.round(peakBytes / mib), forwarded: state.forwarded, service };
}

/** The bounds of the acceptance point. */
export function assertBounded({ peakMiB, service }: PipelineFigures): void {
  assert.ok(peakMiB <= maxResidentMiB, `resident memory reached ${peakMiB} MiB`);
  for (const { kind, notServed, slowestMs } of service) {
    assert.equal(notServed, 0, `good requests ${kind} took up to ${slowestMs} ms`);
  }
}

async function startAttacked(shape: PipelineShape, state: { forwarded: number }): Promise<RawUpstream> {
  const answer = responseBytes("200 OK", "a".repeat(shape.answerBytes ?? 0), [["Content-Type", "text/plain"]]);
  return startUpstream(
    async (connection) => {
      for (;;) {
        await connection.readHead();
        state.forwarded += 1;
        if (shape.upstream === "unread") connection.write(answer);
      }
    },
    { forgets: true },
  );
}

function configOf({ upstream, connections }: PipelineShape, attacked: string, healthy: string) {
  const roomy = { concurrency: { limit: connections + 100 }, timeouts: { headers: "5m" } };
  return {
    upstreams: {
      attacked: { targets: [attacked], ...(upstream === "hung" ? roomy : {}) },
      healthy: { targets: [healthy] },
    },
    routes: [
      { id: "attacked", path: "/attacked", upstream: "attacked", ...(upstream === "hung" ? { timeout: "5m" } : {}) },
      { id: "healthy", path: "/healthy", upstream: "healthy" },
    ],
  };
}

/** The kernel's own peak, and samples in case that the process is gone before it is asked. */
class MemoryWatch implements Disposable {
  peakBytes = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(gateway: GatewayProcess) {
    this.#timer = setInterval(() => {
      if (gateway.isAlive) this.peakBytes = Math.max(this.peakBytes, gateway.residentBytes || 0);
    }, sampleEveryMs);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** A browser's head: some 600 bytes, so that 300 of them are more than any buffer of the gateway should take. */
const head = requestBytes({
  target: "/attacked",
  fields: [
    ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
    ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
    ["Accept-Language", "en-US,en;q=0.5"],
    ["Accept-Encoding", "gzip, deflate, br, zstd"],
    ["Referer", "https://www.example.com/a/page/before"],
    ["Cookie", `session=${"0123456789abcdef".repeat(16)}`],
  ],
});

/** Opens the connections fifty at a time; each sends all of its requests as soon as it stands. */
async function attack(shape: PipelineShape, gateway: GatewayProcess, sockets: DisposableStack): Promise<void> {
  const bytes = Buffer.concat(Array.from({ length: shape.requestsEach }, () => head));
  for (let opened = 0; opened < shape.connections; opened += 50) {
    const group = Array.from({ length: Math.min(50, shape.connections - opened) }, () => connectBare(gateway.port));
    for (const socket of group) sockets.defer(() => socket.destroy());
    await alive(
      gateway,
      inTime(shape.limitMs, "connection", Promise.all(group.map((socket) => once(socket, "connect")))),
    );
    for (const socket of group) {
      if (shape.upstream === "unread") socket.pause();
      else socket.resume();
      socket.write(bytes);
    }
  }
}

/** What the gateway does to an attacker's connection is its right: the end of one is no error of the test's. */
function connectBare(port: number): Socket {
  return connect({ port, host: "127.0.0.1", noDelay: true }).on("error", () => undefined);
}

interface Watched {
  readonly probes: Probes;
  readonly state: { readonly forwarded: number };
  readonly gateway: GatewayProcess;
}

/** Awaits that the upstream was sent what it will be sent: its count has not moved for a second of good answers. */
async function settles(shape: PipelineShape, { probes, state, gateway }: Watched): Promise<void> {
  const began = performance.now();
  for (let before = -1; state.forwarded !== before;) {
    assert.ok(performance.now() - began < shape.limitMs, `it still forwards after ${shape.limitMs} ms`);
    before = state.forwarded;
    await alive(gateway, probes.further(probesPerSecond, shape.limitMs));
  }
  const least = shape.upstream === "hung" ? shape.connections : Math.min(shape.connections, 100);
  assert.ok(state.forwarded >= least, `only ${state.forwarded} requests reached the attacked upstream`);
}

/** Resolves as `promise` does, or throws as soon as the gateway's process has ended. */
async function alive<Value>(gateway: GatewayProcess, promise: Promise<Value>): Promise<Value> {
  const ended = gateway.exited.then((code) => {
    const said = gateway.errorText.split("\n").find((line) => /fatal|error/i.test(line)) ?? gateway.errorText;
    throw new assert.AssertionError({ message: `the gateway's process ended with ${code}: ${said}` });
  });
  return Promise.race([promise, ended]);
}
