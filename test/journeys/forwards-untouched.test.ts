import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import type { Field } from "../support/http-message.ts";

import { valuesOf } from "../support/http-message.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

test("forwards path and query byte for byte", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const targets = ["/a?b=%7e&b=&c&=d&e=f%20g+h", "/caf%c3%a9/%7Euser", "/?", "/a;b=c,d:e@f!$&'()*+=?x=/?y"];
  for (const target of targets) assert.equal((await stage.ask({ target })).status, 200);
  assert.deepEqual(
    upstream.requests.map((request) => request.target),
    targets,
  );
});

test("forwards end-to-end fields in their order, duplicates kept apart, both ways", bounded, async () => {
  await using stage = new Stage();
  const fields: readonly Field[] = [
    ["X-B", "2"],
    ["X-A", "1"],
    ["X-B", "3"],
    ["Cookie", "a=b; c=d"],
    ["Accept", "text/html, */*;q=0.1"],
    ["If-None-Match", 'W/"x"'],
    ["Range", "bytes=0-1"],
  ];
  const answered: readonly Field[] = [
    ["Set-Cookie", "a=1; Path=/"],
    ["X-One", "1"],
    ["Set-Cookie", "b=2, c; Expires=Wed, 21 Oct 2026 07:28:00 GMT"],
    ["ETag", '"x"'],
    ["Link", "</a>; rel=x"],
    ["Link", "</b>; rel=y"],
  ];
  const upstream = await stage.front(answering(responseBytes("200 OK", "body", answered)));
  const response = await stage.ask({ fields });
  const received = (await upstream.request(1)).fields;
  const kept = (all: readonly Field[], among: readonly Field[]): readonly string[] => {
    const names = new Set(among.map(([name]) => name.toLowerCase()));
    return all
      .filter(([name]) => names.has(name.toLowerCase()))
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  };
  assert.deepEqual(kept(received, fields), kept(fields, fields));
  assert.deepEqual(valuesOf(response.fields, "set-cookie"), valuesOf(answered, "set-cookie"));
  assert.deepEqual(valuesOf(response.fields, "link"), valuesOf(answered, "link"));
  assert.deepEqual(valuesOf(response.fields, "etag"), ['"x"']);
});

test("forwards bodies of every framing bit by bit, both ways", bounded, async () => {
  await using stage = new Stage();
  const up = randomBytes(300_000);
  const down = randomBytes(300_000);
  const upstream = await stage.front(
    async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target === "/chunked") {
          connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (let at = 0; at < down.length; at += 100_000) {
            connection.write(`${(100_000).toString(16)};ext=1\r\n`);
            connection.write(down.subarray(at, at + 100_000));
            connection.write("\r\n");
          }
          connection.write("0\r\nX-Trailer: dropped\r\n\r\n");
        } else if (target === "/counted") {
          connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${down.length}\r\n\r\n`);
          connection.write(down);
        } else {
          connection.write("HTTP/1.1 200 OK\r\n\r\n");
          await connection.writeAll(down);
          connection.fin();
          return;
        }
      }
    },
    { route: { request: { body: { maxSize: "1MiB" } } } },
  );
  for (const target of ["/chunked", "/counted", "/closing"]) {
    for (const version of ["HTTP/1.1", "HTTP/1.0"]) {
      const response = await stage.ask({ method: "PUT", target, version, body: up });
      assert.equal(response.isComplete, true, `${target} ${version} ${response.framing} ${response.ending}`);
      assert.equal(sha256(response.body), sha256(down), `${target} to ${version}`);
      assert.deepEqual(response.trailers, []);
      if (version === "HTTP/1.0") assert.notEqual(response.framing, "chunked");
    }
  }
  const client = await stage.client();
  client.send("PUT /counted HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send(
    Buffer.concat([Buffer.from(`${up.length.toString(16)}\r\n`), up, Buffer.from("\r\n0\r\nX-T: v\r\n\r\n")]),
  );
  assert.equal((await client.response()).status, 200);
  for (const { body } of upstream.requests) assert.equal(sha256(body), sha256(up));
  assert.equal(upstream.requests.length, 7);
});

test("forwards a validated body as the very bytes that came", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering(), {
    schemas: {
      "order.json": { type: "object", properties: { n: { type: "integer", default: 3 }, s: { type: "string" } } },
    },
    route: { request: { body: { schema: "order.json" } } },
  });
  const body = '{ "s" : "\\u00e9\\/",\n\t"n": 1.0 , "x": 1e2 }\n';
  const response = await stage.ask({
    method: "POST",
    body,
    fields: [["Content-Type", "application/json; charset=utf-8"]],
  });
  assert.equal(response.status, 200);
  assert.equal((await upstream.request(1)).body.toString(), body);
  const client = await stage.client();
  const chunked = body.replaceAll(/[^]/g, (character) => `1\r\n${character}\r\n`);
  client.send(
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`,
  );
  assert.equal((await client.response()).status, 200);
  assert.equal((await upstream.request(2)).body.toString(), body);
});

test("sends exactly one upstream request for each chunked GET, HEAD, DELETE and OPTIONS", bounded, async () => {
  await using stage = new Stage();
  const upstream = await stage.front(answering());
  const client = await stage.client();
  const smuggled = requestBytes({ target: "/smuggled" }).toString();
  const methods = ["GET", "HEAD", "DELETE", "OPTIONS"];
  for (const method of methods) {
    const size = smuggled.length.toString(16);
    client.send(
      `${method} /${method} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    assert.equal((await client.response(method)).status, 200);
  }
  assert.deepEqual(
    upstream.requests.map(({ method, target, body }) => [method, target, body.toString()]),
    methods.map((method) => [method, `/${method}`, smuggled]),
  );
  for (const connection of upstream.connections) assert.equal(connection.unreadBytes, 0);
});

test("passes the upstream's own errors on untouched", bounded, async () => {
  await using stage = new Stage();
  await stage.front(
    answering((request) =>
      responseBytes(`${request.target.slice(1)} Whatever`, `said ${request.target}`, [["Retry-After", "7"]]),
    ),
  );
  for (const status of [400, 401, 404, 409, 418, 429, 499, 500, 502, 503, 504, 599]) {
    const response = await stage.ask({ target: `/${status}` });
    assert.equal(response.status, status);
    assert.equal(response.body.toString(), `said /${status}`);
    assert.deepEqual(valuesOf(response.fields, "retry-after"), ["7"]);
    assert.deepEqual(valuesOf(response.fields, "proxy-status"), [`gateway.test;received-status=${status}`]);
    const access = await stage.gateway.log.access(valuesOf(response.fields, "x-request-id")[0] ?? "");
    assert.deepEqual([access["status"], access["source"]], [status, "upstream"]);
  }
});
