import type { Hash } from "node:crypto";

import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import type { UpstreamConnection } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { ok } from "../support/upstream-scripts.ts";

export interface LargeBodyFigures {
  readonly bytes: number;
  /** Growth of the gateway's resident memory at its peak over what it was after a first transfer of 16 MB each way. */
  readonly grownBytes: number;
  readonly durationMs: number;
}

const chunkBytes = 64 * 1024;
const warmUpBytes = 16_000_000;
const maxGrownBytes = 60_000_000;

/** One body up and one down at once, through a gateway in a process of its own. */
export async function moveLargeBodies(bytes: number): Promise<LargeBodyFigures> {
  const hashes = new Map<string, string>();
  await using upstream = await startUpstream((connection) => serve(connection, bytes, hashes));
  await using gateway = await spawnGateway(
    singleRoute({
      target: upstream.url,
      route: { timeout: "120s", request: { body: { maxSize: `${bytes}B` } } },
    }),
  );
  await moveBoth(gateway.port, warmUpBytes, hashes);
  const before = gateway.residentBytes;
  let peak = before;
  const sampler = setInterval(() => {
    peak = Math.max(peak, gateway.residentBytes);
  }, 20);
  const began = performance.now();
  try {
    await moveBoth(gateway.port, bytes, hashes);
  } finally {
    clearInterval(sampler);
  }
  const durationMs = Math.round(performance.now() - began);
  const grownBytes = Math.max(peak, gateway.residentBytes) - before;
  assert.ok(grownBytes <= maxGrownBytes, `resident memory grew by ${grownBytes} bytes`);
  return { bytes, grownBytes, durationMs };
}

async function serve(connection: UpstreamConnection, bytes: number, hashes: Map<string, string>): Promise<void> {
  for (;;) {
    const head = await connection.readHead();
    const hash = createHash("sha256");
    await connection.readBody(head, (chunk) => hash.update(chunk));
    if (head.method === "PUT") {
      hashes.set(head.target, hash.digest("hex"));
      connection.write(ok);
      continue;
    }
    const length = Number(head.target.slice("/down-".length));
    assert.ok(length <= bytes || length === warmUpBytes);
    connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    const sent = createHash("sha256");
    for (const chunk of body(length, sent)) if (!(await connection.writeAll(chunk))) return;
    hashes.set(head.target, sent.digest("hex"));
  }
}

/** Bytes that differ from chunk to chunk, so that none can be lost, doubled or swapped unseen. */
function* body(length: number, hash: Hash): Generator<Buffer> {
  for (let at = 0, seed = 1; at < length; at += chunkBytes) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, length - at));
    for (let i = 0; i + 4 <= chunk.length; i += 4) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      chunk.writeUInt32LE(seed, i);
    }
    hash.update(chunk);
    yield chunk;
  }
}

async function moveBoth(port: number, bytes: number, hashes: ReadonlyMap<string, string>): Promise<void> {
  const [up, down] = await Promise.all([upload(port, bytes), download(port, bytes)]);
  assert.equal(up, hashes.get(`/up-${bytes}`), "the upstream got what the client sent");
  assert.equal(down, hashes.get(`/down-${bytes}`), "the client got what the upstream sent");
}

async function upload(port: number, bytes: number): Promise<string> {
  using client = await connectClient(port);
  client.send(`PUT /up-${bytes} HTTP/1.1\r\nHost: api.test\r\nContent-Length: ${bytes}\r\n\r\n`);
  const hash = createHash("sha256");
  for (const chunk of body(bytes, hash)) await client.sendAll(chunk);
  assert.equal((await client.response()).status, 200);
  return hash.digest("hex");
}

async function download(port: number, bytes: number): Promise<string> {
  using client = await connectClient(port);
  client.send(requestBytes({ target: `/down-${bytes}` }));
  const head = await client.head();
  const hash = createHash("sha256");
  const { isComplete } = await client.drainBody(head, (chunk) => hash.update(chunk));
  assert.equal(isComplete, true);
  return hash.digest("hex");
}
