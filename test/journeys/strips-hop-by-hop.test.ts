import assert from "node:assert/strict";
import { test } from "node:test";

import type { Field } from "../support/http-message.ts";

import { valueOf, valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };

const hopByHop: readonly Field[] = [
  ["Keep-Alive", "timeout=99"],
  ["Proxy-Connection", "keep-alive"],
  ["TE", "trailers, gzip"],
  ["Trailer", "X-T"],
  ["Upgrade", "h2c"],
  ["Proxy-Authenticate", "Basic"],
  ["Proxy-Authorization", "Basic eDp5"],
  ["HTTP2-Settings", "AAMAAABkAAQAAP__"],
  ["X-Listed", "gone"],
];

function assertNone(fields: readonly Field[]): void {
  for (const [name] of hopByHop) assert.deepEqual(valuesOf(fields, name), [], name);
}

test("strips hop-by-hop fields and what Connection lists from requests", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const fields: readonly Field[] = [...hopByHop, ["Connection", "keep-alive, X-Listed, TE"], ["X-Kept", "kept"]];
  assert.equal((await stage.ask({ fields })).status, 200);
  const received = (await upstream.request(1)).fields;
  assertNone(received);
  assert.equal(valueOf(received, "x-kept"), "kept");
  const connection = valueOf(received, "connection");
  assert.ok(connection === undefined || connection === "keep-alive", `Connection: ${connection}`);
});

test("strips hop-by-hop fields and what Connection lists from responses", bounded, async () => {
  await using stage = new Stage();
  const fields: readonly Field[] = [...hopByHop, ["Connection", "X-Listed, Upgrade"], ["X-Kept", "kept"]];
  await stage.front(answering(responseBytes("200 OK", "fine", fields)));
  const response = await stage.ask();
  const others = response.fields.filter(
    ([name, value]) => name.toLowerCase() !== "keep-alive" || value === "timeout=99",
  );
  assertNone(others);
  assert.equal(valueOf(response.fields, "x-kept"), "kept");
  assert.equal(response.body.toString(), "fine");
});

test("never forwards Expect where it reads the body itself, and says 100 when it begins", bounded, async () => {
  await using stage = new Stage();
  const schema = { schemas: { "any.json": {} }, route: { request: { body: { schema: "any.json" } } } };
  const upstream = await stage.front(answering(), schema);
  const client = await stage.client();
  const bytes = requestBytes({
    method: "POST",
    fields: [
      ["Expect", "100-continue"],
      ["Content-Type", "application/json"],
    ],
    body: "12345",
  });
  client.send(bytes.subarray(0, -5));
  assert.equal((await client.interimHead()).status, 100);
  client.send("12345");
  assert.equal((await client.response()).status, 200);
  const { fields, body } = await upstream.request(1);
  assert.deepEqual(valuesOf(fields, "expect"), []);
  assert.equal(body.toString(), "12345");
});

test("refuses an expecting upload that is too large instead of asking for it", bounded, async () => {
  await using stage = new Stage();
  await stage.front(answering(), { route: { request: { body: { maxSize: "1KiB" } } } });
  const { response } = await stage.fails({
    code: "body_too_large",
    method: "POST",
    raw: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\nExpect: 100-continue\r\n\r\n",
  });
  assert.deepEqual(response.interim, [], "no 100 went out");
});

test("drops an upstream's surplus bytes with the connection they came on", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(async (connection) => {
    await connection.readRequest();
    connection.write(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`);
    await connection.readRequest();
    connection.write(ok);
  });
  for (let n = 0; n < 3; n += 1) assert.equal((await stage.ask()).body.toString(), "fine");
  assert.equal(upstream.requests.length, 3);
  assert.ok(upstream.connections.length >= 2, "a connection with surplus bytes is not used again");
});
