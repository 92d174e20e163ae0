import assert from "node:assert/strict";
import { test } from "node:test";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { gatewayName, singleRoute } from "../support/config-file.ts";
import { readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { valueOf } from "../support/http-message.ts";
import { connectClient, requestBytes } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { hanging } from "../support/upstream-scripts.ts";
import { echoingBytes, handshakeBytes } from "../support/websocket.ts";

const bounded = { timeout: 20_000 };
const draining = `${gatewayName};error=proxy_internal_response;details="draining"`;

async function setUp(script: UpstreamScript, route: Readonly<Record<string, unknown>> = {}) {
  await using stack = new AsyncDisposableStack();
  const upstream = stack.use(await startUpstream(script));
  const config = singleRoute({
    target: upstream.url,
    upstream: { concurrency: { limit: 1, queue: { wait: "10s" } } },
    route,
    listen: { drain: { grace: "0s", deadline: "300ms" } },
  });
  const gateway = stack.use(await spawnGateway(config));
  const owned = stack.move();
  const client = async (bytes: Buffer | string) => {
    const one = owned.use(await connectClient(gateway.port));
    one.send(bytes);
    return one;
  };
  return { upstream, gateway, client, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What the log says became of a request. */
function outcomeOf(gateway: GatewayProcess, id: string) {
  const { status, code } = gateway.log.of("request", id)[0] ?? {};
  return [status, code];
}

const named = (id: string, parts = {}): Buffer => requestBytes({ ...parts, fields: [["X-Request-Id", id]] });

test("the drain's deadline is 504 for what the upstream was asked, and 503 for what it was not", bounded, async () => {
  await using stage = await setUp(hanging);
  const { gateway, upstream, client } = stage;
  const asked = await client(named("asked"));
  await upstream.request(1);
  const queued = await client(named("queued"));
  const sending = await client(
    "POST / HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: sending\r\nContent-Length: 9\r\n\r\nhalf",
  );
  await until(async () => (await readStatus(gateway.adminPort)).inFlight === 3);
  gateway.signal("SIGTERM");
  const answers = await Promise.all([asked, queued, sending].map((one) => one.response()));
  assert.deepEqual(
    answers.map(({ status, fields }) => [status, valueOf(fields, "connection"), valueOf(fields, "proxy-status")]),
    [
      [504, "close", `${gatewayName};error=http_response_timeout`],
      [503, "close", draining],
      [503, "close", draining],
    ],
  );
  assert.equal(await gateway.exited, 1);
  assert.deepEqual(
    ["asked", "queued", "sending"].map((id) => outcomeOf(gateway, id)),
    [
      [504, "deadline_exceeded"],
      [503, "draining"],
      [503, "draining"],
    ],
  );
  assert.match(JSON.stringify(gateway.log.of("failure", "asked")), /"drain"/, "the cause names the drain");
});

test("the drain's deadline cuts a response that has begun, and its client has not left", bounded, async () => {
  await using stage = await setUp(async (connection) => {
    await connection.readRequest();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
  });
  const { gateway, client } = stage;
  const cut = await client(named("cut"));
  assert.equal((await cut.head()).status, 200);
  gateway.signal("SIGTERM");
  await cut.ended;
  assert.equal(await gateway.exited, 1);
  assert.deepEqual(outcomeOf(gateway, "cut"), [200, "draining"]);
});

test("the drain's deadline ends a tunnel, and its client has not left", bounded, async () => {
  await using stage = await setUp(echoingBytes, { websocket: true });
  const { gateway, client } = stage;
  const tunnelled = await client(handshakeBytes({ fields: [["X-Request-Id", "tunnel"]] }));
  assert.equal((await tunnelled.head()).status, 101);
  gateway.signal("SIGTERM");
  await tunnelled.ended;
  assert.equal(await gateway.exited, 1);
  assert.deepEqual(outcomeOf(gateway, "tunnel"), [101, "draining"]);
});
