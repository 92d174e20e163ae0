import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureCode } from "../../gateway/failures/codes.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { responseBytes } from "../support/upstream-scripts.ts";
import { forwarded, hosted, together, Wire } from "./wire.ts";

const get = (...fields: readonly string[]): string => hosted(["GET / HTTP/1.1", ...fields]);
const trusted = { listen: { trustedProxies: ["127.0.0.0/8"] } };

// oxfmt-ignore
const refused: ReadonlyArray<{ name: string; raw: string; code: FailureCode; close: boolean }> = [
  ...["Content-Type", "Authorization", "Proxy-Authorization", "Content-Encoding", "Range", "If-Modified-Since", "If-Unmodified-Since",
    "If-Range", "From", "Referer", "User-Agent", "Max-Forwards", "traceparent"].map((name) =>
    ({ name: `two ${name} fields`, raw: get(`${name}: a`, `${name.toUpperCase()}: b`), code: "malformed_request" as const, close: true })),
  ...["Host", "Content-Length", "Content-Type", "Authorization", "Cookie", "X-Forwarded-For", "x-forwarded-user", "X-Real-IP", "Forwarded"].map((name) =>
    ({ name: `Connection listing ${name}`, raw: get(`Connection: keep-alive, ${name}`), code: "malformed_request" as const, close: false })),
  { name: "Connection listing Authorization on a line of its own", raw: get("Connection: keep-alive", "connection:\tAUTHORIZATION\t"), code: "malformed_request", close: false },
  { name: "101 fields", raw: get(...Array.from({ length: 100 }, (_, n) => `X-${n}: 1`)), code: "headers_too_large", close: true },
  { name: "a head over 16 KiB", raw: get(`X-Filler: ${"x".repeat(16_384)}`), code: "headers_too_large", close: true },
  { name: "a head far over 16 KiB, of which most is unread", raw: get(`X-Filler: ${"x".repeat(500_000)}`), code: "headers_too_large", close: true },
  { name: "our own name in Via", raw: get(`Via: 1.1 ${gatewayName}`), code: "loop_detected", close: false },
  { name: "our own name among others in Via", raw: get("Via: 1.0 first", `Via: 1.1 second, HTTP/1.1 ${gatewayName} (comment), 1.1 third`), code: "loop_detected", close: false },
  { name: "an expectation nobody knows", raw: get("Expect: cake"), code: "expectation_failed", close: false },
  { name: "an expectation nobody knows beside one that is known", raw: get("Expect: 100-continue, cake"), code: "expectation_failed", close: false },
];

describe("fields that are refused", together, () => {
  for (const { name, raw, ...expected } of refused) {
    test(`${name}: ${expected.code}${expected.close ? ", and the connection ends" : ""}`, async () => {
      await using wire = await Wire.open();
      await wire.refuses(raw, expected);
    });
  }
});

describe("fields that are the client's own", together, () => {
  test("100 of them pass", async () => {
    await using wire = await Wire.open();
    const fields = Array.from({ length: 99 }, (_, n) => `x-${n}: 1`);
    await wire.passes(get(...fields));
    assert.equal(wire.forwarded, forwarded({ line: "GET /", fields }));
  });

  test("Range, If-*, Accept-*, several Cookies and bytes beyond ASCII pass untouched, in their order", async () => {
    await using wire = await Wire.open();
    const fields = [
      "range: bytes=0-1",
      'if-none-match: W/"x", "y"',
      "if-modified-since: Wed, 21 Oct 2026 07:28:00 GMT",
      "accept: text/html, */*;q=0.1",
      "accept-encoding: gzip;q=0, br",
      "cookie: a=b; c=d",
      "x-b: 1",
      "cookie: e=f",
      "x-b: caf\xe9\tau lait",
      "x-empty: ",
      "cache-control: no-cache",
    ];
    await wire.passes(get(...fields));
    assert.equal(wire.forwarded, forwarded({ line: "GET /", fields }));
  });

  test("hop-by-hop ones end here, with all that Connection lists, before anything of ours is added", async () => {
    await using wire = await Wire.open();
    await wire.passes(
      get(
        "Connection: keep-alive, X-Listed, Via, X-Request-Id, close-not",
        "X-Listed: gone",
        "Keep-Alive: timeout=99",
        "Proxy-Connection: keep-alive",
        "TE: trailers",
        "Trailer: X-T",
        "Upgrade: h2c, websocket",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
        "Proxy-Authenticate: Basic",
        "Proxy-Authorization: Basic eDp5",
        "X-Kept: kept",
      ),
    );
    assert.equal(wire.forwarded, forwarded({ line: "GET /", fields: ["x-kept: kept"] }));
  });

  test("names with _ are dropped: many upstreams cannot tell them from names with -", async () => {
    await using wire = await Wire.open();
    await wire.passes(get("X_Forwarded_For: 198.51.100.1", "Content_Length: 9", "X-A: b", "_: c"));
    assert.equal(wire.forwarded, forwarded({ line: "GET /", fields: ["x-a: b"] }));
  });
});

describe("who asks", together, () => {
  const claims = [
    "X-Forwarded-For: 198.51.100.1",
    "X-Forwarded-For: 198.51.100.2",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: claimed.test",
    "X-Real-IP: 198.51.100.1",
    "Forwarded: for=198.51.100.1;proto=https",
    "X-Forwarded-Prefix: /claimed",
    "X-Forwarded-User: root",
    "X-Forwarded-Port: 443",
  ];

  test("is what the socket says, whatever a stranger claims", async () => {
    await using wire = await Wire.open();
    await wire.passes(get(...claims));
    assert.equal(wire.forwarded, forwarded({ line: "GET /" }));
  });

  test("a peer outside the trusted ranges is a stranger", async () => {
    await using wire = await Wire.open({ listen: { trustedProxies: ["10.0.0.0/8", "::1"] } });
    await wire.passes(get(...claims));
    assert.equal(wire.forwarded, forwarded({ line: "GET /" }));
  });

  test("is what a trusted proxy says, with its own address appended", async () => {
    await using wire = await Wire.open(trusted);
    await wire.passes(get(...claims));
    const { fields } = await wire.upstream.request(1);
    assert.equal(valueOf(fields, "x-forwarded-for"), "198.51.100.1, 198.51.100.2, 127.0.0.1");
    assert.equal(valueOf(fields, "forwarded"), "for=198.51.100.1;proto=https, for=127.0.0.1;proto=http");
    for (const [name, value] of [
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "claimed.test"],
      ["x-real-ip", "198.51.100.1"],
      ["x-forwarded-prefix", "/claimed"],
      ["x-forwarded-user", "root"],
      ["x-forwarded-port", "443"],
    ] as const) {
      assert.equal(valueOf(fields, name), value);
    }
  });

  test("is a trusted proxy itself where it says nothing", async () => {
    await using wire = await Wire.open(trusted);
    await wire.passes(get());
    assert.equal(wire.forwarded, forwarded({ line: "GET /" }));
  });
});

describe("what goes with a request", together, () => {
  test("Via of those before us, and ours", async () => {
    await using wire = await Wire.open();
    await wire.passes(get("Via: 1.0 fred", `Via: 1.1 my-${gatewayName}`));
    assert.equal(
      wire.forwarded,
      forwarded({ line: "GET /", via: `1.0 fred, 1.1 my-${gatewayName}, 1.1 ${gatewayName}` }),
    );
  });

  test("a sound request id is kept, told to both sides and logged", async () => {
    await using wire = await Wire.open();
    const id = "A.b_c-9".padEnd(128, "x");
    wire.client.send(get(`X-Request-Id: ${id}`));
    const response = await wire.client.response();
    assert.equal(valueOf(response.fields, "x-request-id"), id);
    assert.equal(wire.forwarded, forwarded({ line: "GET /" }).replace("x-request-id: ID", `x-request-id: ${id}`));
    assert.equal((await wire.stage.gateway.log.access(id))["status"], 200);
  });

  for (const fields of [["no spaces"], ["x".repeat(129)], [""], ["<script>"], ["one", "two"], ["caf\xe9"]]) {
    test(`the request id ${JSON.stringify(fields).slice(0, 30)} is made anew`, async () => {
      await using wire = await Wire.open();
      wire.client.send(get(...fields.map((id) => `X-Request-Id: ${id}`)));
      const response = await wire.client.response();
      const id = valueOf(response.fields, "x-request-id") ?? "";
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.deepEqual(valuesOf((await wire.upstream.request(1)).fields, "x-request-id"), [id]);
    });
  }

  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

  test("a trace is continued under a span of ours, its state forwarded", async () => {
    await using wire = await Wire.open();
    await wire.passes(get(`Traceparent: 00-${traceId}-00f067aa0ba902b7-01`, "Tracestate: a=1", "tracestate: b=2"));
    const { fields } = await wire.upstream.request(1);
    const parent = valueOf(fields, "traceparent") ?? "";
    assert.match(parent, new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    assert.equal(valueOf(fields, "tracestate"), "a=1, b=2");
  });

  for (const parent of ["junk", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `ff-${traceId}-00f067aa0ba902b7-01`]) {
    test(`after the traceparent ${parent} a trace begins anew, without the state`, async () => {
      await using wire = await Wire.open();
      await wire.passes(get(`traceparent: ${parent}`, "tracestate: a=1"));
      assert.equal(wire.forwarded, forwarded({ line: "GET /" }));
      assert.ok(!wire.forwarded.includes(traceId));
    });
  }
});

describe("Expect: 100-continue", together, () => {
  const expecting = (...fields: readonly string[]): string =>
    hosted(["POST / HTTP/1.1", "Expect: 100-Continue", ...fields]);

  test("is answered when reading begins, on a route that validates, and not forwarded", async () => {
    const front = { schemas: { "any.json": {} }, route: { request: { body: { schema: "any.json" } } } };
    await using wire = await Wire.open(front);
    wire.client.send(expecting("Content-Length: 4", "Content-Type: application/json"));
    assert.equal((await wire.client.interimHead()).status, 100);
    assert.equal(wire.upstream.requests.length, 0);
    wire.client.send("1234");
    assert.equal((await wire.client.response()).status, 200);
    const fields = ["content-type: application/json"];
    assert.equal(wire.forwarded, forwarded({ line: "POST /", fields, framing: "content-length: 4", body: "1234" }));
  });

  test("is forwarded on a route that streams, and the upstream's 100 relayed", async () => {
    await using wire = await Wire.open({}, async (connection) => {
      const head = await connection.readHead();
      assert.equal(valueOf(head.fields, "expect"), "100-continue");
      connection.write("HTTP/1.1 100 Continue\r\n\r\n");
      let body = "";
      await connection.readBody(head, (piece) => (body += piece.toString()));
      connection.write(responseBytes("200 OK", body));
    });
    wire.client.send(expecting("Content-Length: 4"));
    assert.equal((await wire.client.interimHead()).status, 100);
    wire.client.send("1234");
    assert.equal((await wire.client.response()).body.toString(), "1234");
  });

  test("is met by the upstream's final answer on a route that streams, before a byte of the body", async () => {
    await using wire = await Wire.open({}, async (connection) => {
      await connection.readHead();
      connection.write(responseBytes("401 Unauthorized", "who?"));
    });
    wire.client.send(expecting("Content-Length: 1000000"));
    const response = await wire.client.response("POST");
    assert.deepEqual([response.interim, response.status, response.body.toString()], [[], 401, "who?"]);
    assert.equal(await wire.client.ended, "fin");
  });

  test("is answered by us after a second of the upstream's silence", async () => {
    await using wire = await Wire.open();
    const before = performance.now();
    wire.client.send(expecting("Content-Length: 4"));
    assert.equal((await wire.client.interimHead()).status, 100);
    assert.ok(performance.now() - before >= 990);
    wire.client.send("1234");
    assert.equal((await wire.client.response()).status, 200);
  });

  // oxfmt-ignore
  const decided: ReadonlyArray<readonly [name: string, fields: readonly string[], code: FailureCode]> = [
    ["size", ["Content-Length: 5000", "Content-Type: application/json"], "body_too_large"],
    ["media type", ["Content-Length: 5", "Content-Type: text/plain"], "unsupported_media_type"],
    ["fields", ["Content-Length: 5", "Content-Type: application/json", "Content-Type: text/plain"], "malformed_request"],
  ];
  for (const [name, fields, code] of decided) {
    test(`a refusal by ${name} goes out in place of 100`, async () => {
      const front = {
        schemas: { "any.json": {} },
        route: { request: { body: { schema: "any.json", maxSize: "1KiB" } } },
      };
      await using wire = await Wire.open(front);
      wire.client.send(expecting(...fields));
      const response = await wire.client.response("POST");
      assert.deepEqual(response.interim, []);
      await wire.stage.assertFailed(response, { code, method: "POST", close: true });
      assert.equal(wire.upstream.connections.length, 0);
    });
  }

  test("without a body there is nothing to ask for", async () => {
    await using wire = await Wire.open();
    wire.client.send(get("Expect: 100-continue"));
    const response = await wire.client.response();
    assert.deepEqual([response.status, response.interim], [200, []]);
    assert.equal(wire.forwarded, forwarded({ line: "GET /" }));
  });

  test("of HTTP/1.0 it means nothing", async () => {
    await using wire = await Wire.open();
    wire.client.send(hosted(["POST / HTTP/1.0", "Expect: 100-continue", "Content-Length: 2"], "ab"));
    const response = await wire.client.response();
    assert.deepEqual([response.status, response.interim], [200, []]);
    const expected = forwarded({
      line: "POST /",
      via: `1.0 ${gatewayName}`,
      framing: "content-length: 2",
      body: "ab",
    });
    assert.equal(wire.forwarded, expected);
  });
});
