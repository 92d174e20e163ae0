import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { ok } from "../support/upstream-scripts.ts";

const bounded = { timeout: 20_000 };
const chunk = Buffer.alloc(64 * 1024, "x");
const totalBytes = 64 * 1024 * 1024;
/** Kernel and stream buffers of two hops; far less than the whole. */
const maxHeldBytes = 24 * 1024 * 1024;

/** Resolves once a count has not moved for a while of real work: the writer is blocked, not slow. */
async function standsStill(stage: Stage, count: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 20; still = count() === before ? still + 1 : 0) {
    before = count();
    await stage.gateway.load();
  }
}

test("lets a slow client slow the upstream down, and idles for nobody's fault", bounded, async () => {
  await using stage = new Stage();
  let sent = 0;
  await stage.front(
    async (connection) => {
      await connection.readRequest();
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${totalBytes}\r\n\r\n`);
      for (; sent < totalBytes; sent += chunk.length) if (!(await connection.writeAll(chunk))) return;
    },
    { upstream: { timeouts: { idle: "100ms" } } },
  );
  const client = await stage.client();
  client.stopReading();
  client.send(requestBytes());
  await standsStill(stage, () => sent);
  assert.ok(sent < maxHeldBytes, `${sent} bytes were taken from the upstream for a client that reads none`);
  // The one wait for time itself: longer than the idle timer, which must not run while the client is awaited.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const head = await client.head();
  let received = 0;
  const { isComplete } = await client.drainBody(head, (bytes) => {
    received += bytes.length;
  });
  assert.deepEqual([isComplete, received], [true, totalBytes]);
});

test("lets a slow upstream slow the client down", bounded, async () => {
  await using stage = new Stage();
  const released = Promise.withResolvers<void>();
  const hash = createHash("sha256");
  await stage.front(
    async (connection) => {
      const head = await connection.readHead();
      connection.stopReading();
      await released.promise;
      await connection.readBody(head, (bytes) => hash.update(bytes));
      connection.write(ok);
    },
    { upstream: { timeouts: { idle: "60s" } }, route: { request: { body: { maxSize: "1GiB" } } } },
  );
  const client = await stage.client();
  client.send(`PUT / HTTP/1.1\r\nHost: api.test\r\nContent-Length: ${totalBytes}\r\n\r\n`);
  const expected = createHash("sha256");
  let sent = 0;
  const upload = (async () => {
    for (; sent < totalBytes; sent += chunk.length) {
      expected.update(chunk);
      await client.sendAll(chunk);
    }
  })();
  await standsStill(stage, () => sent);
  assert.ok(sent < maxHeldBytes, `${sent} bytes were taken from the client for an upstream that reads none`);
  released.resolve();
  await upload;
  assert.equal((await client.response()).status, 200);
  assert.equal(hash.digest("hex"), expected.digest("hex"));
});

test("passes each piece on as it comes, both ways", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    const head = await connection.readHead();
    const pieces: string[] = [];
    const done = connection.readBody(head, (bytes) => {
      pieces.push(bytes.toString());
      seen.shift()?.resolve(bytes.toString());
    });
    await done;
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  });
  const seen = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const received = seen.map(({ promise }) => promise);
  const client = await stage.client();
  client.send("POST / HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  assert.equal(await received[0], "abc");
  client.send("2\r\nde\r\n");
  assert.equal(await received[1], "de");
  client.send("0\r\n\r\n");
  await client.head();
  for (const piece of ["first", "later"]) {
    upstream.connections[0]?.write(`5\r\n${piece}\r\n`);
    assert.equal((await client.bytes(10)).toString(), `5\r\n${piece}\r\n`);
  }
  upstream.connections[0]?.write("0\r\n\r\n");
  assert.equal((await client.bytes(5)).toString(), "0\r\n\r\n");
});

test("forwards an answer that comes before the request's end, and uses neither connection again", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    await connection.readHead();
    connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  });
  const client = await stage.client();
  client.send("POST / HTTP/1.1\r\nHost: api.test\r\nContent-Length: 500000\r\n\r\nsome");
  const response = await client.response();
  assert.deepEqual([response.status, response.body.toString()], [403, "no"]);
  await client.ended;
  await (
    await upstream.connection(1)
  ).ended;
  const load = await stage.gateway.load();
  assert.deepEqual([load.busy, load.idle], [0, 0]);
});
