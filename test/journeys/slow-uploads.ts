import assert from "node:assert/strict";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering } from "../support/upstream-scripts.ts";

export interface SlowUploads {
  readonly uploads: number;
  /** The upstream's concurrency limit, below the number of uploads. */
  readonly limit: number;
}

export interface SlowUploadFigures extends SlowUploads {
  /** The slowest of the requests served meanwhile. */
  readonly slowestMs: number;
}

const body = '{"slow":true}';

/** Uploads that are read to be validated hold no permit: whoever else asks the same upstream is served at once. */
export async function uploadSlowly({ uploads, limit }: SlowUploads): Promise<SlowUploadFigures> {
  await using stage = new Stage();
  const upstream = await stage.upstream(answering());
  const service = { targets: [upstream.url], concurrency: { limit, queue: { depth: 0 } } };
  await stage.start({
    schemas: { "any.json": { type: "object" } },
    upstreams: { service },
    routes: [
      {
        id: "upload",
        path: "/upload",
        upstream: "service",
        timeout: "60s",
        request: { body: { schema: "any.json" } },
      },
      { id: "other", path: "/other", upstream: "service" },
    ],
  });
  const bytes = requestBytes({
    method: "POST",
    target: "/upload",
    fields: [
      ["Content-Type", "application/json"],
      ["Expect", "100-continue"],
    ],
    body,
  });
  const clients = await Promise.all(Array.from({ length: uploads }, () => stage.client()));
  for (const client of clients) client.send(bytes.subarray(0, -body.length));
  // 100 says that the gateway has begun to read: from here on each upload is slow at the gateway's expense alone.
  for (const client of clients) assert.equal((await client.interimHead()).status, 100);
  for (const client of clients) client.send(body.slice(0, 5));

  const slowestMs = await slowestOf(stage, 50);
  assert.ok(slowestMs < 500, `the slowest took ${slowestMs} ms`);
  assert.equal((await stage.gateway.load()).inFlight, 0, "no upload holds a permit");
  // As many at a time as there are permits: what is buffered is forwarded at once.
  for (let at = 0; at < clients.length; at += limit) {
    const batch = clients.slice(at, at + limit);
    for (const client of batch) client.send(body.slice(5));
    for (const client of batch) assert.equal((await client.response()).status, 200);
    await stage.gateway.settled();
  }
  assert.equal(upstream.requests.filter((request) => request.body.toString() === body).length, uploads);
  return { uploads, limit, slowestMs };
}

async function slowestOf(stage: Stage, requests: number): Promise<number> {
  let slowest = 0;
  for (let n = 0; n < requests; n += 1) {
    const began = performance.now();
    assert.equal((await stage.ask({ target: "/other" })).status, 200);
    slowest = Math.max(slowest, performance.now() - began);
  }
  return Math.round(slowest);
}
