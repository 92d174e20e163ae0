import type { IncomingMessage } from "node:http";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Inbound } from "../../gateway/exchange/exchange.ts";
import type { FieldPair } from "../support/exchange-under-test.ts";

import { agreesTo, isWebSocketHandshake, readHandshakeAnswer } from "../../gateway/upstream/handshake.ts";
import { inboundUnderTest } from "../support/exchange-under-test.ts";

// RFC 6455 §1.3
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function response(parts: Partial<IncomingMessage>): IncomingMessage {
  return { httpVersion: "1.1", ...parts } as IncomingMessage;
}

function asked(fields: readonly FieldPair[], parts: Partial<Inbound> = {}): boolean {
  return isWebSocketHandshake(inboundUnderTest(parts, fields));
}

describe("a WebSocket handshake", () => {
  const connection = ["Connection", "Upgrade"] as const;
  const upgrade = ["Upgrade", "websocket"] as const;
  const itsKey = ["Sec-WebSocket-Key", key] as const;
  const fields = [connection, upgrade, itsKey];

  test("is a GET of HTTP/1.1 with the protocol's name and a key, and no body", () => {
    assert.ok(asked(fields));
    assert.ok(asked([connection, ["Upgrade", "WebSocket"], itsKey]));
    assert.ok(asked([["Connection", "keep-alive, upgrade"], upgrade, itsKey]));
    assert.ok(asked([...fields, ["Content-Length", "0"]]));
  });

  test("is nothing less", () => {
    const others: ReadonlyArray<readonly [fields: readonly FieldPair[], parts?: Partial<Inbound>]> = [
      [fields, { method: "POST" }],
      [fields, { minorVersion: 0 }],
      [[connection, itsKey]],
      [[upgrade, itsKey]],
      [[connection, upgrade]],
      [[connection, ["Upgrade", "websocket, h2c"], itsKey]],
      [[...fields, ["Upgrade", "h2c"]]],
      [[...fields, itsKey]],
      [[connection, upgrade, ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZR=="]]],
      [[...fields, ["Content-Length", "1"]]],
      [[...fields, ["Transfer-Encoding", "chunked"]]],
    ];
    for (const [of, parts] of others) assert.ok(!asked(of, parts), JSON.stringify([of, parts]));
  });
});

describe("a 101", () => {
  const headers = { connection: "keep-alive, Upgrade", upgrade: "WebSocket", "sec-websocket-accept": accept };

  test("agrees with the answer to this very key", () => {
    assert.ok(agreesTo(key, response({ headers })));
    assert.ok(!agreesTo("AAAAAAAAAAAAAAAAAAAAAA==", response({ headers })));
  });

  test("does not agree without all of its fields", () => {
    for (const name of Object.keys(headers)) {
      assert.ok(!agreesTo(key, response({ headers: { ...headers, [name]: undefined } })), name);
    }
    assert.ok(!agreesTo(key, response({ headers: { ...headers, connection: "xupgrade" } })));
    assert.ok(!agreesTo(key, response({ headers, httpVersion: "1.0" })));
  });
});

describe("the head of an upstream's answer", () => {
  const read = (rawHeaders: string[], parts: Partial<IncomingMessage> = {}) =>
    readHandshakeAnswer(response({ rawHeaders, statusCode: 403, httpVersionMinor: 1, ...parts }));

  test("is read by the rules for every other: its end-to-end fields, in lower case", () => {
    const { status, headers, proxyStatus, isDelimited } = read([
      "Content-Length",
      "2",
      "X-A",
      "1",
      "Connection",
      "x-hop",
      "X-Hop",
      "2",
      "Proxy-Status",
      "lb;error=x",
    ]);
    assert.deepEqual([status, proxyStatus, isDelimited], [403, "lb;error=x", true]);
    assert.deepEqual(headers, ["content-length", "2", "x-a", "1"]);
  });

  test("tells whether anything but the connection ends its body", () => {
    assert.equal(read([]).isDelimited, false);
    assert.equal(read(["Transfer-Encoding", "chunked"]).isDelimited, true);
    assert.equal(read([], { statusCode: 204 }).isDelimited, true);
  });

  test("is a protocol error where its framing is in doubt, or its status is none", () => {
    const bad: ReadonlyArray<readonly [string[], Partial<IncomingMessage>?]> = [
      [["Content-Length", "2", "Transfer-Encoding", "chunked"]],
      [["Content-Length", "2", "Content-Length", "2"]],
      [["Transfer-Encoding", "gzip, chunked"]],
      [["Transfer-Encoding", "chunked"], { httpVersionMinor: 0 }],
      [["X A", "1"]],
      [[], { statusCode: 600 }],
    ];
    for (const [rawHeaders, parts] of bad) {
      assert.throws(() => read(rawHeaders, parts), { code: "upstream_protocol_error" }, rawHeaders.join(" "));
    }
  });
});
