import assert from "node:assert/strict";

import type { RawClient } from "../support/raw-client.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";
import type { ServiceFigures } from "../support/service-figures.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { Probes } from "../support/probes.ts";
import { connectClient } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { serviceFiguresOf } from "../support/service-figures.ts";
import { ok } from "../support/upstream-scripts.ts";
import { inTime } from "../support/within.ts";

/** A way in which an upload to a route without a schema stalls. */
export interface Stall {
  readonly name: string;
  /** Follows the fields of the head that all of them send. */
  readonly rest: string;
  /** Whether it stalls only once it was told 100. */
  readonly awaitsContinue?: boolean;
  /** Bytes of the body that are sent every second from then on. */
  readonly bytesPerSecond?: number;
}

export const stalls: readonly Stall[] = [
  { name: "at its first byte", rest: "\r\n" },
  { name: "behind 100 Continue", rest: "Expect: 100-continue\r\n\r\n", awaitsContinue: true },
  { name: "at 64 KiB and one byte", rest: `\r\n${"x".repeat(64 * 1024 + 1)}` },
  { name: "at 513 bytes a second", rest: "\r\n", bytesPerSecond: 513 },
];

export interface StalledUploads {
  /** Good requests of each kind that are awaited once the last upload has begun, twenty a second. */
  readonly probes: number;
}

/** By the name of the stall. */
export type StallFigures = Readonly<Record<string, readonly ServiceFigures[]>>;

const permits = 100;
/** Of each kind. The second wave takes the permits that good requests had when the first one came. */
const waves = [permits, 20];
const probesBetween = 40;
/** What takes longer is no answer that a client waits for. */
const servedWithinMs = 5000;
const contentLength = 1024 * 1024;
const dripEveryMs = 100;

/** All stalls at once, each to an upstream of its own with the default limit, while good requests come to each. */
export async function stallUploads({ probes: count }: StalledUploads): Promise<StallFigures> {
  await using upstream = await startUpstream(readingAndAnswering, { forgets: true });
  await using gateway = await spawnGateway({
    upstreams: Object.fromEntries(stalls.map((_, n) => [`service-${n}`, { targets: [upstream.url] }])),
    routes: stalls.map((_, n) => ({ id: `route-${n}`, path: `/${n}`, upstream: `service-${n}` })),
  });
  await using probes = new Probes(gateway, stalls.flatMap(probesOf));
  await using crowd = new Stallers(gateway.port);
  for (const uploads of waves) {
    await probes.further(probesBetween, 30_000);
    await inTime(10_000, "start of all uploads", Promise.all(stalls.map((_, n) => crowd.begin(n, uploads))));
  }
  await probes.further(count, 120_000);
  const service = serviceFiguresOf(await probes.stop(), servedWithinMs);
  return Object.fromEntries(
    stalls.map(({ name }) => [name, service.filter(({ kind }) => kind.startsWith(`${name}, `))]),
  );
}

/** After each wave good requests were refused for a second at most, and never again thereafter. */
export function assertServed(service: readonly ServiceFigures[]): void {
  assert.equal(service.length, 2);
  for (const { kind, outages, notServed, statuses } of service) {
    const told = `${kind}: ${notServed} not served (${statuses.join(", ")}): ${JSON.stringify(outages)}`;
    assert.ok(outages.length <= waves.length, told);
    for (const { ms } of outages) assert.ok(ms <= 1000, told);
  }
}

function probesOf({ name }: Stall, n: number) {
  const shape = { target: `/${n}`, everyMs: 50 };
  return [
    { ...shape, kind: `${name}, GET` },
    { ...shape, kind: `${name}, POST`, method: "POST", bodyBytes: 100 },
  ];
}

/** Reads whatever comes, with 100 Continue where it is asked for, and answers once the body is whole. */
const readingAndAnswering: UpstreamScript = async (connection) => {
  for (;;) {
    const head = await connection.readHead();
    if (valueOf(head.fields, "expect") !== undefined) connection.write("HTTP/1.1 100 Continue\r\n\r\n");
    await connection.readBody(head, () => undefined);
    connection.write(ok);
  }
};

/** Each is told 100, or is refused. */
async function decided(clients: readonly RawClient[]): Promise<void> {
  await Promise.allSettled(clients.map((client) => client.interimHead()));
}

/** The clients whose uploads stall. One that is cut is not begun anew. */
class Stallers implements AsyncDisposable {
  readonly #port: number;
  readonly #clients: RawClient[] = [];
  readonly #drips: NodeJS.Timeout[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** Begins uploads that stall in the nth way; resolves once each of them has stalled. */
  async begin(n: number, uploads: number): Promise<void> {
    const stall = stalls[n] as Stall;
    const clients = await Promise.all(Array.from({ length: uploads }, () => connectClient(this.#port)));
    this.#clients.push(...clients);
    const head = `POST /${n} HTTP/1.1\r\nHost: api.test\r\nContent-Length: ${contentLength}\r\n`;
    for (const client of clients) client.send(`${head}${stall.rest}`);
    if (stall.awaitsContinue) await decided(clients);
    if (stall.bytesPerSecond !== undefined) this.#drip(clients, stall.bytesPerSecond);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const drip of this.#drips) clearInterval(drip);
    for (const client of this.#clients) client.reset();
  }

  #drip(clients: readonly RawClient[], bytesPerSecond: number): void {
    const began = performance.now();
    let sent = 0;
    const drip = (): void => {
      const due = Math.ceil(((performance.now() - began) / 1000) * bytesPerSecond);
      for (const client of clients) client.send("x".repeat(due - sent));
      sent = due;
    };
    this.#drips.push(setInterval(drip, dripEveryMs));
  }
}
