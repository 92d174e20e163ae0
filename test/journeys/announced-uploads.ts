import assert from "node:assert/strict";

import type { RawClient } from "../support/raw-client.ts";
import type { ServiceFigures } from "../support/service-figures.ts";

import { spawnGateway } from "../support/gateway-process.ts";
import { Probes } from "../support/probes.ts";
import { connectClient } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { serviceFiguresOf } from "../support/service-figures.ts";
import { answering } from "../support/upstream-scripts.ts";
import { within } from "../support/within.ts";

export interface AnnouncedUploads {
  /** Uploads that announce a body and send nothing of it, or one byte. One that is cut is begun anew. */
  readonly uploads: number;
  /** Good uploads of each kind that are awaited meanwhile. */
  readonly probes: number;
}

export interface AnnouncedUploadFigures extends AnnouncedUploads {
  /** How often an announced upload was cut and begun anew. */
  readonly renewed: number;
  readonly service: readonly ServiceFigures[];
}

/** Paces attackers that are turned away at once. */
const renewedAfterMs = 100;
const mebibyte = 1024 * 1024;
/** What takes longer is no answer that a client waits for. */
const servedWithinMs = 5000;
const kinds = [
  { kind: "600 bytes", method: "POST", target: "/upload", bodyBytes: 600, everyMs: 50 },
  { kind: "1 MiB", method: "POST", target: "/upload", bodyBytes: mebibyte, everyMs: 200 },
];
/** By turns: nothing of the body, one byte of it, nothing behind a 100 that is asked for. */
const beginnings = ["\r\n", "\r\n{", "Expect: 100-continue\r\n\r\n"];

/** Announced uploads to a validated route, with every setting at its default, while good uploads come to it. */
export async function announceUploads({ uploads, probes: count }: AnnouncedUploads): Promise<AnnouncedUploadFigures> {
  await using upstream = await startUpstream(answering(), { forgets: true });
  await using gateway = await spawnGateway({
    schemas: { "any.json": { type: "object" } },
    upstreams: { service: { targets: [upstream.url] } },
    routes: [{ id: "upload", path: "/upload", upstream: "service", request: { body: { schema: "any.json" } } }],
  });
  await using probes = new Probes(gateway, kinds);
  await probes.further(5, 10_000);
  await using crowd = new Announcers(gateway.port);
  await crowd.begin(uploads);
  await probes.further(count, 60_000);
  const service = serviceFiguresOf(await probes.stop(), servedWithinMs);
  return { uploads, probes: count, renewed: crowd.renewed, service };
}

/** Every good upload was served. */
export function assertNoneRefused({ service }: AnnouncedUploadFigures): void {
  for (const { kind, notServed } of service) assert.equal(notServed, 0, `good uploads of ${kind} were not served`);
}

/** Keeps announced uploads standing: the end of one is the beginning of the next. */
class Announcers implements AsyncDisposable {
  begun = 0;
  renewed = 0;
  readonly #port: number;
  readonly #clients = new Set<RawClient>();
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
  }

  async begin(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) void this.#stand(n);
    await within(
      10_000,
      () => this.begun,
      (begun) => begun === count,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const client of this.#clients) client.reset();
  }

  async #stand(n: number): Promise<void> {
    for (let isFirst = true; !this.#isOver; isFirst = false) {
      const client = await connectClient(this.#port);
      this.#clients.add(client);
      client.send(announcementOf(n));
      if (isFirst) this.begun += 1;
      else this.renewed += 1;
      await client.ended;
      client[Symbol.dispose]();
      this.#clients.delete(client);
      await new Promise((resolve) => setTimeout(resolve, renewedAfterMs));
    }
  }
}

function announcementOf(n: number): string {
  const lines = [
    "POST /upload HTTP/1.1",
    "Host: api.test",
    "Content-Type: application/json",
    `Content-Length: ${mebibyte}`,
  ];
  return `${lines.join("\r\n")}\r\n${beginnings[n % beginnings.length] ?? ""}`;
}
