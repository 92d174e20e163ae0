import assert from "node:assert/strict";

import type { RawClient } from "../support/raw-client.ts";
import type { UpstreamConnection } from "../support/raw-upstream.ts";
import type { ServiceFigures } from "../support/service-figures.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { Probes } from "../support/probes.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { serviceFiguresOf } from "../support/service-figures.ts";
import { ok } from "../support/upstream-scripts.ts";
import { inTime } from "../support/within.ts";

export interface UnreadAnswers {
  /** Clients that ask for a large answer and read nothing of it. */
  readonly clients: number;
  /** How often all of them leave and as many others come. */
  readonly waves: number;
  /** How long good requests come to each wave, from when all its clients are there. */
  readonly secondsEach: number;
}

/** By the size of the answers in MiB. */
export type UnreadAnswerFigures = ReadonlyMap<number, readonly ServiceFigures[]>;

export const sizesMiB = [2, 10];

/** So few that a machine which takes a second to answer still needs no more permits than `sparedPermits`. */
const probesPerSecond = 10;
const sparedPermits = 20;
const chunk = Buffer.alloc(64 * 1024, "x");
const mebibyte = 1024 * 1024;
const permits = 100;
/** What takes longer is no answer that a client waits for. */
const servedWithinMs = 5000;

/** As many clients as leave permits for good requests: the others take these once nothing moves any more. */
const mostOf = (clients: number): number => Math.min(clients, permits - sparedPermits);

/** Clients that do not read, to an upstream for each size with the default limit, while good requests come to it. */
export async function leaveUnread({ clients, waves, secondsEach }: UnreadAnswers): Promise<UnreadAnswerFigures> {
  const state = { sentBytes: 0 };
  await using upstream = await startUpstream((connection) => serve(connection, state), { forgets: true });
  await using gateway = await spawnGateway({
    upstreams: Object.fromEntries(sizesMiB.map((size) => [`service-${size}`, { targets: [upstream.url] }])),
    routes: sizesMiB.map((size) => ({ id: `route-${size}`, path: `/${size}/*`, upstream: `service-${size}` })),
  });
  await using probes = new Probes(gateway, sizesMiB.flatMap(probesOf));
  await probes.further(probesPerSecond, 10_000);
  for (let n = 0; n < waves; n += 1) {
    await using wave = new Wave(gateway.port);
    // What the kernel takes for a client that does not read is megabytes, and the client has not stalled until then.
    await wave.open(mostOf(clients));
    await stalled(probes, state);
    await wave.open(clients - mostOf(clients));
    await probes.further(secondsEach * probesPerSecond, 120_000);
  }
  const service = serviceFiguresOf(await probes.stop(), servedWithinMs);
  return new Map(sizesMiB.map((size) => [size, service.filter(({ kind }) => kind.startsWith(`${size} MiB, `))]));
}

/** After each wave good requests were refused for a second at most. */
export function assertServed(service: readonly ServiceFigures[], waves: number): void {
  assert.equal(service.length, 2);
  for (const { kind, outages, notServed, statuses } of service) {
    const told = `${kind}: ${notServed} not served (${statuses.join(", ")}): ${JSON.stringify(outages)}`;
    assert.ok(outages.length <= waves, told);
    for (const { ms } of outages) assert.ok(ms <= 1000, told);
  }
}

function probesOf(size: number) {
  const shape = { target: `/${size}/small`, everyMs: 1000 / probesPerSecond };
  return [
    { ...shape, kind: `${size} MiB, GET` },
    { ...shape, kind: `${size} MiB, POST`, method: "POST", bodyBytes: 100 },
  ];
}

interface Sent {
  sentBytes: number;
}

/** `/10/large` is answered with 10 MiB, everything else with a few bytes. */
async function serve(connection: UpstreamConnection, state: Sent): Promise<void> {
  for (;;) {
    const { target } = await connection.readRequest();
    const size = /^\/(\d+)\/large$/.exec(target)?.[1];
    if (size === undefined) {
      connection.write(ok);
      continue;
    }
    const length = Number(size) * mebibyte;
    connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    for (let sent = 0; sent < length; sent += chunk.length) {
      state.sentBytes += chunk.length;
      if (!(await connection.writeAll(chunk))) return;
    }
  }
}

/** Awaits that the upstream has sent all that the buffers of the way take: nothing for half a second of good answers. */
async function stalled(probes: Probes, state: Readonly<Sent>): Promise<void> {
  for (let before = -1; state.sentBytes !== before;) {
    before = state.sentBytes;
    await probes.further(probesPerSecond / 2, 30_000);
  }
}

/** The clients of one wave; they leave when it is disposed of. */
class Wave implements AsyncDisposable {
  readonly #port: number;
  readonly #clients: RawClient[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** Opens `count` further clients for each size. */
  async open(count: number): Promise<void> {
    const targets = sizesMiB.flatMap((size) => Array.from({ length: count }, () => `/${size}/large`));
    const opening = targets.map(async (target) => {
      const client = await connectClient(this.#port);
      this.#clients.push(client);
      client.stopReading();
      client.send(requestBytes({ target }));
    });
    await inTime(10_000, "connection of a whole wave", Promise.all(opening));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.reset();
  }
}
