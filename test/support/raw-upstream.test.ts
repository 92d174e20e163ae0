import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";

import { openBlackHole, refusedPort } from "./dead-ports.ts";
import { valuesOf } from "./http-message.ts";
import { connectClient, exchange, requestBytes } from "./raw-client.ts";
import { startUpstream } from "./raw-upstream.ts";
import { alerting, startTlsUpstream } from "./tls-upstream.ts";
import { answering, ok, responseBytes } from "./upstream-scripts.ts";

const bounded = { timeout: 10_000 };

test("records requests byte for byte, chunked and counted, and what came after them", bounded, async () => {
  await using upstream = await startUpstream(async (connection) => {
    await connection.readRequest();
    await connection.readRequest();
    connection.write(ok);
  });
  using client = await connectClient(upstream.port);
  client.send(
    "PUT /a?b HTTP/1.1\r\nhost: x\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  );
  client.send(Buffer.concat([requestBytes({ method: "POST", body: "de" }), Buffer.from("surplus")]));
  const first = await upstream.request(1);
  assert.equal(first.body.toString(), "abc");
  assert.deepEqual(valuesOf(first.fields, "x-a"), ["1", "2"]);
  assert.equal((await upstream.request(2)).body.toString(), "de");
  assert.equal((await client.response()).body.toString(), "fine");
  assert.equal(upstream.connections[0]?.unreadBytes, "surplus".length);
});

test("tells a reset from an orderly end, on both sides", bounded, async () => {
  await using upstream = await startUpstream(async (connection) => {
    await connection.readRequest();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  });
  for (const ending of ["fin", "reset"] as const) {
    using client = await connectClient(upstream.port);
    client.send(requestBytes());
    const head = await client.head();
    assert.equal((await client.bytes(4)).toString(), "half");
    upstream.connections.at(-1)?.[ending]();
    const body = await client.drainBody(head, () => undefined);
    assert.deepEqual([body.isComplete, body.ending], [false, ending]);
  }
  using client = await connectClient(upstream.port);
  client.send(requestBytes());
  await client.head();
  client.reset();
  assert.equal(await upstream.connections[2]?.ended, "reset");
});

test("refuses what two parsers might read differently", bounded, async () => {
  await using upstream = await startUpstream(
    answering((request) =>
      request.target === "/both"
        ? "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        : responseBytes("200 OK"),
    ),
  );
  await assert.rejects(exchange(upstream.port, { target: "/both" }), /doubtful framing/);
  assert.equal((await exchange(upstream.port)).status, 200);
});

test("a black hole neither accepts nor refuses, and a refused port refuses", bounded, async () => {
  await using hole = await openBlackHole();
  const socket = connect(hole.port, "127.0.0.1");
  const said = await Promise.race([
    once(socket, "connect").then(() => "connected"),
    once(socket, "error", { signal: AbortSignal.timeout(300) }).catch((error: unknown) => (error as Error).name),
  ]);
  socket.destroy();
  assert.equal(said, "AbortError");
  await assert.rejects(exchange(await refusedPort()), { code: "ECONNREFUSED" });
});

test("speaks TLS with a chosen certificate, or answers the handshake with an alert", bounded, async () => {
  await using expired = await startTlsUpstream("expired", answering());
  await using alerts = await startUpstream(alerting());
  await assert.rejects(once(connectTls(expired.port, "127.0.0.1", { servername: "localhost" }), "secureConnect"));
  await assert.rejects(once(connectTls(alerts.port, "127.0.0.1"), "secureConnect"), {
    code: /ALERT_HANDSHAKE_FAILURE/,
  });
});
