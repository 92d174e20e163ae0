import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { builtPackages, BuiltGateway, startOkUpstream } from "../support/built-package.ts";

const { built, before } = builtPackages();

test("10,000 routes cost a request no more than 1.1 times what 10 do", { timeout: 180_000 }, async (t) => {
  if (built === undefined) return t.diagnostic("not measured: `npm run build` has not been run");
  await using upstream = await startOkUpstream();
  await using few = await startRoutes(built, upstream.port, 10);
  await using many = await startRoutes(built, upstream.port, 10_000);
  // V8 optimizes during the first requests, and the first one on each route makes its series of the metrics.
  for (const stage of [few, many]) await stage.get(20_000);
  const [fewBefore, manyBefore] = [few.gateway.cpuSeconds, many.gateway.cpuSeconds];
  for (let round = 0; round < rounds; round++) {
    for (const stage of round % 2 === 0 ? [few, many] : [many, few]) await stage.get(requestsPerRound);
  }
  const perRequestMs = (seconds: number): number => (1000 * seconds) / (rounds * requestsPerRound);
  const fewMs = perRequestMs(few.gateway.cpuSeconds - fewBefore);
  const manyMs = perRequestMs(many.gateway.cpuSeconds - manyBefore);
  t.diagnostic(JSON.stringify({ fewMs, manyMs, ratio: manyMs / fewMs, listeningMs: many.gateway.listeningMs }));
  assert.ok(manyMs <= 1.1 * fewMs, `${manyMs} ms, ${fewMs} ms`);
});

for (const [name, root] of [
  ["this package", built],
  ["the package before", before],
] as const) {
  test(`10,000 idle connections: ${name}`, { timeout: 120_000 }, async (t) => {
    if (root === undefined) return t.diagnostic("not measured: there is no such built package, see STATUSWISE_BEFORE");
    if (openFileLimit() < connections + 1000) return t.diagnostic("not measured: `ulimit -n` is too low");
    await using upstream = await startOkUpstream();
    await using stage = await startRoutes(root, upstream.port, 10);
    await stage.get(2000);
    const beforeMiB = stage.gateway.residentMiB;
    const sockets = await openAll(stage.gateway.port);
    await pause(2000);
    const grownMiB = stage.gateway.residentMiB - beforeMiB;
    // Their requests make V8's young generation grow as well, as any load does.
    for (const socket of sockets) socket.write("GET /area0/r0/1 HTTP/1.1\r\nHost: a\r\n\r\n");
    await Promise.all(sockets.map((socket) => once(socket, "data")));
    const servedMiB = stage.gateway.residentMiB - beforeMiB;
    for (const socket of sockets) socket.destroy();
    t.diagnostic(JSON.stringify({ beforeMiB, grownMiB, servedMiB, kibibytesEach: (grownMiB * 1024) / connections }));
    if (root === built) assert.ok(grownMiB <= 60, `${grownMiB} MiB`);
  });
}

const connections = 10_000;
const rounds = 12;
const requestsPerRound = 3000;

function openFileLimit(): number {
  const limit = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
  return limit === "unlimited" ? Infinity : Number(limit);
}

async function startRoutes(root: string, upstreamPort: number, count: number) {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-scale-"));
  const file = join(folder, "gateway.yaml");
  const listen = { host: "127.0.0.1", port: "${PORT}", maxConnections: 12_000, keepAlive: "300s" };
  const admin = { host: "127.0.0.1", port: "${ADMIN_PORT}" };
  const upstreams = { service: { targets: [`http://127.0.0.1:${upstreamPort}`] } };
  const routes = Array.from({ length: count }, (_, i) => {
    return { id: `r${i}`, methods: ["GET"], path: `/area${i % 100}/r${i}/{id}`, upstream: "service" };
  });
  writeFileSync(file, JSON.stringify({ listen, admin, upstreams, routes }));
  const gateway = await BuiltGateway.start(root, file);
  rmSync(folder, { recursive: true });
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  let sent = 0;
  const lane = async (share: number): Promise<void> => {
    for (let i = 0; i < share; i++) {
      // Strides over the routes, so that those of one area do not follow each other.
      const route = (sent++ * 7919) % count;
      await get(agent, gateway.port, `/area${route % 100}/r${route}/1`);
    }
  };
  return {
    gateway,
    get: (requests: number) => Promise.all(Array.from({ length: lanes }, () => lane(requests / lanes))),
    async [Symbol.asyncDispose]() {
      agent.destroy();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const lanes = 4;

async function get(agent: Agent, port: number, path: string): Promise<void> {
  const [response] = (await once(request({ agent, host: "127.0.0.1", port, path }).end(), "response")) as [
    IncomingMessage,
  ];
  assert.equal(response.statusCode, 200);
  await once(response.resume(), "end");
}

async function openAll(port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  const batch = 100;
  for (let opened = 0; opened < connections; opened += batch) {
    sockets.push(...(await Promise.all(Array.from({ length: batch }, () => open(port)))));
  }
  return sockets;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => socket.destroy());
  return socket;
}
