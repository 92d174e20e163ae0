import type { IncomingMessage } from "node:http";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { agreesTo, isWebSocketHandshake } from "../../gateway/upstream/handshake.ts";

// RFC 6455 §1.3
const key = "dGhlIHNhbXBsZSBub25jZQ==";
const accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

function message(parts: Partial<IncomingMessage>): IncomingMessage {
  return { method: "GET", httpVersion: "1.1", ...parts } as IncomingMessage;
}

describe("a WebSocket handshake", () => {
  const headers = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-key": key };

  test("is a GET of HTTP/1.1 with the protocol's name and a key, and no body", () => {
    assert.ok(isWebSocketHandshake(message({ headers })));
    assert.ok(isWebSocketHandshake(message({ headers: { ...headers, upgrade: "WebSocket" } })));
    assert.ok(isWebSocketHandshake(message({ headers: { ...headers, "content-length": "0" } })));
  });

  test("is nothing less", () => {
    const { upgrade: _, ...without } = headers;
    const others: readonly Partial<IncomingMessage>[] = [
      { headers, method: "POST" },
      { headers, httpVersion: "1.0" },
      { headers: without },
      { headers: { ...headers, upgrade: "websocket, h2c" } },
      { headers: { ...headers, "sec-websocket-key": `${key}, ${key}` } },
      { headers: { ...headers, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZR==" } },
      { headers: { ...headers, "content-length": "1" } },
      { headers: { ...headers, "transfer-encoding": "chunked" } },
    ];
    for (const parts of others) assert.ok(!isWebSocketHandshake(message(parts)), JSON.stringify(parts));
  });
});

describe("a 101", () => {
  const headers = { connection: "keep-alive, Upgrade", upgrade: "WebSocket", "sec-websocket-accept": accept };

  test("agrees with the answer to this very key", () => {
    assert.ok(agreesTo(key, message({ headers })));
    assert.ok(!agreesTo("AAAAAAAAAAAAAAAAAAAAAA==", message({ headers })));
  });

  test("does not agree without all of its fields", () => {
    for (const name of Object.keys(headers)) {
      assert.ok(!agreesTo(key, message({ headers: { ...headers, [name]: undefined } })), name);
    }
    assert.ok(!agreesTo(key, message({ headers: { ...headers, connection: "xupgrade" } })));
    assert.ok(!agreesTo(key, message({ headers, httpVersion: "1.0" })));
  });
});
