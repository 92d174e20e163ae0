/** RFC 9110 §15.2: interim responses. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { valueOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, ok, sayingAndClosing } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };
const hints =
  "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n";

test("interim responses go to HTTP/1.1 clients as they come, without the fields of the hop", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    for (;;) {
      await connection.readRequest();
      connection.write(`${hints}HTTP/1.1 102 \x01\r\nContent-Length: 5\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n`);
    }
  });
  const client = await stage.client();
  for (let n = 1; n <= 2; n += 1) {
    client.send(requestBytes());
    const [first, second, third] = [await client.interimHead(), await client.interimHead(), await client.interimHead()];
    assert.deepEqual([first.status, second.status, third.status], [103, 102, 199]);
    assert.equal(first.reason, "Early Hints");
    assert.deepEqual(
      first.fields.map(([name, value]) => [name.toLowerCase(), value]),
      [
        ["link", "</a.css>; rel=preload"],
        ["link", "</b.js>"],
        ["via", "1.1 gateway.test"],
      ],
    );
    assert.equal(valueOf(second.fields, "content-length"), undefined);
    upstream.connections[0]?.write(ok);
    const { status, body, interim } = await client.response();
    assert.deepEqual([status, body.toString(), interim.length], [200, "fine", 0]);
  }
  assert.equal(upstream.connections.length, 1);
});

test("ten interim responses are passed on, and what comes beyond is dropped", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering(`${"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(25)}${ok}`));
  const client = await stage.client();
  for (let n = 0; n < 2; n += 1) {
    client.send(requestBytes());
    const response = await client.response();
    assert.deepEqual([response.status, response.interim.length, response.body.toString()], [200, 10, "fine"]);
  }
});

test("an HTTP/1.0 client is sent none", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering(`${hints}${ok}`));
  const { status, interim, body } = await stage.ask({ version: "HTTP/1.0" });
  assert.deepEqual([status, interim.length, body.toString()], [200, 0, "fine"]);
});

test("fields that a route removes are removed from interim responses too", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering(`HTTP/1.1 103 E\r\nServer: inner\r\nLink: </a>\r\n\r\n${ok}`), {
    route: { headers: { response: { remove: ["Server"] } } },
  });
  const [interim] = (await stage.ask()).interim;
  assert.deepEqual(
    interim?.fields.map(([name]) => name.toLowerCase()),
    ["link", "via"],
  );
});

test("a 100 that nobody asked for is read and kept, whole or byte by byte, and no other is", bounded, async () => {
  await using stage = new Stage();
  const bytes = `HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 100\r\n\r\nHTTP/1.1 110 Q\r\n\r\n${ok}`;
  const upstream = await stage.front(async (connection) => {
    for (;;) {
      const { target } = await connection.readRequest();
      if (target === "/drip") await connection.drip(bytes);
      else connection.write(bytes);
    }
  });
  const client = await stage.client();
  for (const target of ["/", "/drip", "/"]) {
    client.send(requestBytes({ method: "POST", target, body: "x" }));
    const { status, body, interim } = await client.response();
    assert.deepEqual([status, body.toString(), interim.map((head) => head.status)], [200, "fine", [102, 110]]);
  }
  assert.equal(upstream.connections.length, 1, "the connection lives on");
});

test("interim responses buy no time", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    async (connection) => {
      await connection.readRequest();
      while (await connection.writeAll(Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n"))) {
        await Promise.race([connection.ended, new Promise((resolve) => setTimeout(resolve, 40))]);
      }
    },
    { upstream: { timeouts: { headers: "250ms" } } },
  );
  const startedAt = performance.now();
  const { response } = await stage.fails({ code: "upstream_headers_timeout", phase: "headers" });
  assert.ok(response.interim.length >= 1 && response.interim.length <= 10);
  assert.ok(performance.now() - startedAt < 1500);
});

test("an upstream that leaves after an interim response has not answered", bounded, async () => {
  await using stage = new Stage();
  await stage.front(sayingAndClosing(hints));
  const { response } = await stage.fails({ code: "upstream_reset", phase: "headers" });
  assert.equal(response.interim.length, 1);
});
