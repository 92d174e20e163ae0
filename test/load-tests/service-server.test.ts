import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, test } from "node:test";

import type { Service } from "../../load-tests/upstream/service.ts";

import { startService } from "../../load-tests/upstream/client.ts";
import { connectClient, exchange, requestBytes } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const fast: Service = { slots: 10, meanMs: 1, sigma: 0 };
const slow: Service = { slots: 1, meanMs: 60_000, sigma: 0 };

async function refuses(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once("connect", () => resolve(false));
  socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  return promise.finally(() => socket.destroy());
}

describe("the simulated service", () => {
  test("answers requests with and without a body on one connection, with a body of the length asked for", async () => {
    await using service = await startService({ ...fast, bodyBytes: 1000 }, 1);
    using client = await connectClient(service.port);
    for (const method of ["GET", "POST"]) {
      client.send(requestBytes({ method, ...(method === "POST" ? { body: "x".repeat(100_000) } : {}) }));
      const answer = await client.response();
      assert.deepEqual([answer.status, answer.body.length, answer.isComplete], [200, 1000, true]);
    }
    const { received, receivedByMethod, served, openConnections } = await service.counters();
    assert.deepEqual(
      { received, receivedByMethod, served, openConnections },
      { received: 2, receivedByMethod: { GET: 1, POST: 1 }, served: 2, openConnections: 1 },
    );
    assert.equal(await service.received(), 2);
  });

  test("answers with the status it is told to", async () => {
    await using service = await startService(fast, 1);
    await service.control({ fault: { kind: "status", status: 503 } });
    assert.equal((await exchange(service.port)).status, 503);
    await service.control({ fault: { kind: "none" } });
    assert.equal((await exchange(service.port)).status, 200);
    assert.equal((await service.counters()).faulted, 1);
  });

  test("resets the connection without a byte", async () => {
    await using service = await startService(fast, 1);
    await service.control({ fault: { kind: "reset" } });
    using client = await connectClient(service.port);
    client.send(requestBytes());
    assert.equal(await client.ended, "reset");
    assert.equal(client.received.length, 0);
  });

  test("breaks off after half of the body", async () => {
    await using service = await startService({ ...fast, bodyBytes: 400 }, 1);
    await service.control({ fault: { kind: "half-body" } });
    using client = await connectClient(service.port);
    client.send(requestBytes());
    await client.ended;
    const text = client.received.toString("latin1");
    const end = text.indexOf("\r\n\r\n") + 4;
    assert.match(text, /^HTTP\/1\.1 200 .*\r\nContent-Length: 400\r\n/s);
    assert.equal(text.length - end, 200);
  });

  test("keeps silent as a black hole, and notes nobody as served", async () => {
    await using service = await startService(fast, 1);
    await service.control({ fault: { kind: "black-hole" } });
    using client = await connectClient(service.port);
    client.send(requestBytes());
    await until(async () => (await service.received()) === 1);
    const { concurrency, faulted, served } = await service.counters();
    assert.deepEqual([concurrency, faulted, served, client.received.length], [1, 1, 0, 0]);
  });

  test("refuses connections, closes those it had, and comes back on the same port", async () => {
    await using service = await startService(slow, 1);
    using waiting = await connectClient(service.port);
    waiting.send(requestBytes());
    await until(async () => (await service.received()) === 1);
    await service.control({ fault: { kind: "refuse" } });
    await waiting.ended;
    assert.ok(await refuses(service.port));
    await service.control({ slowdown: 0.000_01, fault: { kind: "none" } });
    assert.equal((await exchange(service.port)).status, 200);
    const { faulted, leftInService, served } = await service.counters();
    assert.deepEqual([faulted, leftInService, served], [1, 0, 1]);
  });

  test("counts clients that leave, in a slot and in line, and when", async () => {
    await using service = await startService(slow, 1);
    const clients = [await connectClient(service.port), await connectClient(service.port)];
    for (const [index, client] of clients.entries()) {
      client.send(requestBytes());
      await until(async () => (await service.received()) === index + 1);
    }
    for (const client of clients) client.reset();
    await until(async () => {
      const { leftInLine, leftInService } = await service.counters();
      return leftInLine === 1 && leftInService === 1;
    });
    const { leftAfterMs, concurrency, openConnections } = await service.counters();
    assert.ok(leftAfterMs.length === 2 && leftAfterMs.every((ms) => ms > 0 && ms < 60_000), String(leftAfterMs));
    assert.deepEqual([concurrency, openConnections], [1, 0], "the slot is still taken");
  });

  test("ends with whoever started it", async () => {
    const main = new URL("../../load-tests/upstream/main.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [main, JSON.stringify(fast)], { stdio: ["pipe", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.stdin.end();
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
});

describe("a bare service", () => {
  const bare: Service = { slots: 1, meanMs: 1, isBare: true };

  test("answers each request once, however its bytes are split, and counts it", async () => {
    await using service = await startService(bare, 1);
    using client = await connectClient(service.port);
    const post = requestBytes({ method: "POST", body: "x".repeat(600) });
    for (const pieces of [[post], [post.subarray(0, 10), post.subarray(10, 100), post.subarray(100)]]) {
      for (const piece of pieces) client.send(piece);
      const answer = await client.response();
      assert.deepEqual([answer.status, answer.body.length, answer.isComplete], [200, 300, true]);
    }
    client.send(Buffer.concat([requestBytes({ method: "GET" }), post]));
    assert.equal((await client.response()).status, 200);
    assert.equal((await client.response()).status, 200);
    assert.equal(await service.received(), 4);
  });

  test("cannot be controlled", async () => {
    await using service = await startService(bare, 1);
    await assert.rejects(service.control({ slots: 2 }), /cannot be controlled/);
  });
});
