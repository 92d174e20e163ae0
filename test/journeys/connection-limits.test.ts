import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readStatus } from "../support/gateway-harness.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, hanging } from "../support/upstream-scripts.ts";

const bounded = { timeout: 10_000 };

async function metric(stage: Stage, name: string): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`);
  return (await response.text()).split("\n").find((line) => line.startsWith(`${name} `));
}

describe("a client connection", { concurrency: true }, () => {
  test("over maxConnections is closed as it comes and counted, and one that leaves makes room", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(hanging, { listen: { maxConnections: 2 } });
    const first = await stage.client();
    const second = await stage.client();
    for (const client of [first, second]) client.send(requestBytes());
    await upstream.request(2);
    const third = await stage.client();
    await third.ended;
    assert.equal(third.received.length, 0);
    assert.equal(await metric(stage, "statuswise_connections"), "statuswise_connections 2");
    assert.equal(await metric(stage, "statuswise_connections_dropped_total"), "statuswise_connections_dropped_total 1");
    first.reset();
    await until(async () => (await readStatus(stage.gateway.adminPort)).connections.open === 1);
    (await stage.client()).send(requestBytes());
    await upstream.request(3);
  });

  test("that has been idle for longest makes room for a newcomer over maxConnections", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { maxConnections: 2 } });
    const [first, second] = [await stage.client(), await stage.client()];
    for (const client of [first, second]) {
      client.send(requestBytes());
      assert.equal((await client.response()).status, 200);
    }
    assert.equal((await stage.ask()).status, 200);
    await first.ended;
    second.send(requestBytes());
    assert.equal((await second.response()).status, 200);
  });

  test("over its address's share is closed as it comes", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { maxConnectionsPerAddress: 1 } });
    const first = await stage.client();
    const second = await stage.client();
    await second.ended;
    first.send(requestBytes());
    assert.equal((await first.response()).status, 200);
  });

  test("that says nothing at all is closed without a word or a log line", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { headersTimeout: "300ms" } });
    const client = await stage.client();
    assert.equal(await client.ended, "fin");
    assert.equal(client.received.length, 0);
    assert.deepEqual(
      stage.gateway.log.lines.filter((line) => line["event"] === "request"),
      [],
    );
  });

  test("that is idle between requests is closed after keepAlive, in order", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { keepAlive: "100ms" } });
    const client = await stage.client();
    client.send(requestBytes());
    assert.equal((await client.response()).status, 200);
    const before = client.received.length;
    assert.equal(await client.ended, "fin");
    assert.equal(client.received.length, before);
  });

  test("on which the next head is slow is told 408", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { listen: { headersTimeout: "300ms" } });
    const client = await stage.client();
    client.send(requestBytes());
    assert.equal((await client.response()).status, 200);
    client.send("GET / HTTP/1.1\r\n");
    const response = await client.response();
    await stage.assertFailed(response, { code: "client_timeout", phase: "accept" });
    await client.ended;
  });
});

test("a pipeline without end is cut off after writeIdle, and costs the upstream one request", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(hanging, { listen: { writeIdle: "500ms" }, route: { timeout: "30s" } });
  const client = await stage.client();
  client.send(Buffer.concat(Array.from({ length: 5000 }, () => requestBytes())));
  await client.ended;
  await stage.gateway.settled();
  assert.ok(upstream.requests.length <= 1);
});

describe("a request body below the minimum rate", { concurrency: true }, () => {
  const slow = { listen: { bodyGrace: "200ms", minBodyRate: "1KiB" }, route: { timeout: "30s" } };
  const json = { schemas: { "any.json": { type: "object" } } };
  const validated = { ...slow, ...json, route: { ...slow.route, request: { body: { schema: "any.json" } } } };
  /** Streamed bodies are begun before the upstream is asked. */
  const streamed = { ...slow, listen: { ...slow.listen, requestBuffer: "1KiB" } };
  const raw = requestBytes({
    method: "POST",
    fields: [["Content-Type", "application/json"]],
    body: `{"a":"${"x".repeat(2000)}"}`,
  });

  test("is told 408 where it is read to be validated, and the upstream hears of nothing", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(), validated);
    await stage.fails({ code: "client_timeout", phase: "body", method: "POST", raw: raw.subarray(0, -500) });
    assert.equal(upstream.connections.length, 0);
  });

  test("is told 408 where it is streamed, and the upstream's connection is closed", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(), streamed);
    await stage.fails({ code: "client_timeout", phase: "send", method: "POST", raw: raw.subarray(0, -500) });
    await (
      await upstream.connection(1)
    ).ended;
    const [service] = await stage.gateway.upstreams();
    assert.equal(service?.targets[0]?.breaker, "closed");
  });

  test("breaks off an answer that had begun before the body was whole", bounded, async () => {
    await using stage = new Stage();
    await stage.front(async (connection) => {
      await connection.readHead();
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf");
    }, streamed);
    const client = await stage.client();
    client.send(raw.subarray(0, -500));
    assert.equal((await client.head()).status, 200);
    await client.ended;
    const access = await stage.gateway.log.accessWithCode("client_timeout");
    await stage.assertLogged(String(access["requestId"]), { code: "client_timeout", phase: "relay" });
  });

  test("is no fault of the client's while the upstream takes nothing", { timeout: 20_000 }, async () => {
    await using stage = new Stage();
    await stage.front((connection) => connection.stopReading(), {
      ...slow,
      upstream: { timeouts: { idle: "700ms" } },
      route: { timeout: "30s", request: { body: { maxSize: "64MiB" } } },
    });
    const parts = { method: "PUT", body: Buffer.alloc(24 * 1024 * 1024) };
    await stage.fails({ code: "upstream_write_timeout", phase: "send" }, parts);
  });

  test("has the route's budget for a bound where the minimum is 0B", bounded, async () => {
    await using stage = new Stage();
    const listen = { ...streamed.listen, minBodyRate: "0B" };
    await stage.front(hanging, { ...slow, listen, route: { timeout: "700ms" } });
    const began = performance.now();
    await stage.fails({ code: "client_timeout", phase: "send", method: "POST", raw: raw.subarray(0, -500) });
    assert.ok(performance.now() - began >= 650);
  });
});
