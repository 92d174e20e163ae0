import assert from "node:assert/strict";
import { test } from "node:test";

import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, ok } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };

test("serves request after request on one connection on each side", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const client = await stage.client();
  for (let n = 0; n < 20; n += 1) {
    client.send(requestBytes({ target: `/${n}` }));
    assert.equal((await client.response()).status, 200);
  }
  assert.equal(upstream.connections.length, 1);
  assert.equal(upstream.requests.length, 20);
  assert.equal((await stage.gateway.load()).idle, 1);
});

test("answers pipelined requests in their order", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(
    answering((request) => `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${request.target}`),
  );
  const client = await stage.client();
  client.send(Buffer.concat(["/a", "/b", "/c"].map((target) => requestBytes({ target }))));
  for (const target of ["/a", "/b", "/c"]) assert.equal((await client.response()).body.toString(), target);
  assert.equal(upstream.requests.length, 3);
});

test("replaces a stale pooled connection in silence for a request that may be sent twice", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    await connection.readRequest();
    connection.write(ok);
    if (connection.index > 0) return;
    await connection.readRequest();
    connection.reset();
  });
  assert.equal((await stage.ask({ target: "/first" })).status, 200);
  const second = await stage.ask({ method: "PUT", target: "/second", body: "" });
  assert.equal(second.status, 200);
  assert.deepEqual(
    upstream.requests.map(({ target }) => target),
    ["/first", "/second", "/second"],
  );
  assert.equal(upstream.connections.length, 2);
});

test("does not notice an idle connection that the upstream closed in time", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    await connection.readRequest();
    connection.write(ok);
    connection.fin();
  });
  for (let n = 1; n <= 5; n += 1) {
    assert.equal((await stage.ask({ method: "POST", body: "x" })).status, 200);
    await until(async () => (await stage.gateway.load()).idle === 0);
  }
  assert.equal(upstream.requests.length, 5);
});
