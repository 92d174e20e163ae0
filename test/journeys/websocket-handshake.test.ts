import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { RequestParts } from "../support/raw-client.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { lastProxyStatus } from "../support/problem-assert.ts";
import { requestBytes } from "../support/raw-client.ts";
import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";
import { acceptOf, echoingBytes, handshake, handshakeBytes, sampleKey, switching } from "../support/websocket.ts";

const bounded = { timeout: 15_000 };
const allowed = { route: { websocket: true } };

describe("a handshake", () => {
  test(
    "reaches the upstream byte for byte, with hop-by-hop and forwarding fields as for requests",
    bounded,
    async () => {
      await using stage = new Stage();
      const upstream = await stage.front(echoingBytes, allowed);
      const target = "/chat/%7eroom/caf%c3%a9;v=1?a=%2e%2e/b&&c=?&=";
      const client = await stage.client();
      client.send(
        requestBytes({
          target,
          fields: [
            ["Connection", "keep-alive, Upgrade, X-Listed"],
            ["Upgrade", "WebSocket"],
            ["Sec-WebSocket-Key", sampleKey],
            ["Sec-WebSocket-Version", "13"],
            ["Sec-WebSocket-Protocol", "chat.v2, chat.v1"],
            ["Sec-WebSocket-Protocol", "chat.v0"],
            ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
            ["Origin", "https://app.test"],
            ["Cookie", "a=1; b=2"],
            ["X-Listed", "hop by hop"],
            ["Keep-Alive", "timeout=5"],
            ["X-Forwarded-For", "198.51.100.7"],
            ["X-Caf\u00e9".replace("\u00e9", "e"), "caf\u00e9"],
            ["X-Request-Id", "handshake-1"],
          ],
        }),
      );
      assert.equal((await client.head()).status, 101);
      const { fields, ...request } = await upstream.request(1);
      assert.equal(request.method, "GET");
      assert.equal(request.target, target);
      assert.deepEqual(valuesOf(fields, "connection"), ["Upgrade"]);
      assert.deepEqual(valuesOf(fields, "upgrade"), ["websocket"]);
      assert.deepEqual(valuesOf(fields, "sec-websocket-key"), [sampleKey]);
      assert.deepEqual(valuesOf(fields, "sec-websocket-version"), ["13"]);
      assert.deepEqual(valuesOf(fields, "sec-websocket-protocol"), ["chat.v2, chat.v1", "chat.v0"]);
      assert.deepEqual(valuesOf(fields, "sec-websocket-extensions"), ["permessage-deflate; client_max_window_bits"]);
      assert.deepEqual(valuesOf(fields, "origin"), ["https://app.test"]);
      assert.deepEqual(valuesOf(fields, "cookie"), ["a=1; b=2"]);
      assert.deepEqual(valuesOf(fields, "x-cafe"), ["caf\u00e9"]);
      assert.deepEqual(valuesOf(fields, "x-forwarded-for"), ["127.0.0.1"]);
      assert.deepEqual(valuesOf(fields, "x-request-id"), ["handshake-1"]);
      assert.deepEqual(valuesOf(fields, "host"), [`127.0.0.1:${upstream.port}`]);
      assert.equal(valuesOf(fields, "traceparent").length, 1);
      assert.match(valueOf(fields, "via") ?? "", /^1\.1 gateway\.test$/);
      for (const name of ["keep-alive", "x-listed", "content-length", "transfer-encoding"]) {
        assert.deepEqual(valuesOf(fields, name), [], name);
      }
      await stage.settle();
    },
  );

  test("of a path that an empty query ends keeps its question mark", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(echoingBytes, allowed);
    await stage.ask({ target: "/chat?" });
    const client = await stage.client();
    client.send(handshakeBytes({ target: "/chat?" }));
    await client.head();
    assert.equal((await upstream.request(1)).target, "/chat?");
  });

  test(
    "is answered with the upstream's fields, without the hop-by-hop ones, and says who answered",
    bounded,
    async () => {
      await using stage = new Stage();
      await stage.front(
        async (connection) => {
          const more = ["Set-Cookie: a=1", "Set-Cookie: b=2", "X-Word: caf\u00e9", "Keep-Alive: timeout=5"];
          more.push("Sec-WebSocket-Protocol: chat.v1", "Content-Length: 0", "Proxy-Status: inner; received-status=101");
          connection.write(switching(await connection.readRequest(), more));
        },
        { route: { websocket: true, headers: { response: { set: { "X-Added": "yes" }, remove: ["X-Gone"] } } } },
      );
      const client = await stage.client();
      client.send(handshakeBytes({ fields: [["X-Request-Id", "answered-1"]] }));
      const head = await client.head();
      assert.deepEqual([head.version, head.status, head.reason], ["HTTP/1.1", 101, "Switching Protocols"]);
      assert.equal(valueOf(head.fields, "connection"), "Upgrade");
      assert.equal(valueOf(head.fields, "upgrade"), "websocket");
      assert.equal(valueOf(head.fields, "sec-websocket-accept"), acceptOf(sampleKey));
      assert.equal(valueOf(head.fields, "sec-websocket-protocol"), "chat.v1");
      assert.deepEqual(valuesOf(head.fields, "set-cookie"), ["a=1", "b=2"]);
      assert.equal(valueOf(head.fields, "x-word"), "caf\u00e9");
      assert.equal(valueOf(head.fields, "x-added"), "yes");
      assert.equal(valueOf(head.fields, "x-request-id"), "answered-1");
      assert.equal(valueOf(head.fields, "via"), `1.1 ${gatewayName}`);
      assert.equal(lastProxyStatus(head, gatewayName).get("received-status"), 101);
      for (const name of ["keep-alive", "content-length", "transfer-encoding"]) {
        assert.deepEqual(valuesOf(head.fields, name), [], name);
      }
      await stage.settle();
    },
  );

  test("may be followed at once by bytes of either side, and none is lost", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(async (connection) => {
      const head = switching(await connection.readRequest());
      connection.write(`${head}from upstream at once`);
    }, allowed);
    const client = await stage.client();
    client.send(Buffer.concat([handshakeBytes(), Buffer.from("early ")]));
    client.send("and later");
    await client.head();
    assert.equal((await client.bytes(21)).toString(), "from upstream at once");
    const connection = await upstream.connection(1);
    assert.equal((await connection.readExactly(15)).toString(), "early and later");
    await stage.settle();
  });
});

describe("an upstream that refuses to switch", () => {
  const refusal = responseBytes("403 Forbidden", "not you", [["X-Reason", "origin"]]);

  test("is relayed as it answered, and the connection ends with its answer", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(refusal), allowed);
    const client = await stage.client();
    client.send(Buffer.concat([handshakeBytes(), Buffer.from("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")]));
    const response = await client.response();
    assert.equal(response.status, 403);
    assert.equal(response.body.toString(), "not you");
    assert.equal(valueOf(response.fields, "x-reason"), "origin");
    assert.equal(valueOf(response.fields, "connection"), "close");
    assert.equal(lastProxyStatus(response, gatewayName).get("received-status"), 403);
    assert.equal(await client.ended, "fin");
    const connection = await upstream.connection(1);
    await connection.ended;
    assert.equal(connection.unreadBytes, 0, "what followed the handshake reached nobody");
    assert.equal(upstream.requests.length, 1);
    await stage.gateway.settled();
  });

  test("may answer 200, chunked, and with more than the client reads at once", bounded, async () => {
    await using stage = new Stage();
    const pieces = 512;
    const piece = Buffer.alloc(65_536, "x");
    let written = 0;
    await stage.front(async (connection) => {
      await connection.readRequest();
      connection.write(
        "HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      for (; written < pieces; written += 1) {
        connection.write("10000\r\n");
        await connection.writeAll(piece);
        connection.write("\r\n");
      }
      connection.write("0\r\n\r\n");
    }, allowed);
    const client = await stage.client();
    client.send(handshakeBytes());
    const head = await client.head();
    client.stopReading();
    let before = -1;
    let unchanged = 0;
    await until(() => {
      unchanged = written === before ? unchanged + 1 : 0;
      before = written;
      return unchanged === 20; // everybody waits for the client
    });
    assert.ok(written < pieces);
    let received = 0;
    const { isComplete } = await client.drainBody(head, (chunk) => {
      received += chunk.length;
    });
    assert.deepEqual([head.status, received, isComplete], [200, pieces * piece.length, true]);
    await stage.gateway.settled();
  });

  test("and breaks off its answer leaves the client a broken one", bounded, async () => {
    await using stage = new Stage();
    await stage.front(async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf");
      connection.reset();
    }, allowed);
    const response = await stage.ask(handshake());
    assert.deepEqual([response.status, response.isComplete], [403, false]);
    await stage.gateway.log.accessWithCode("upstream_incomplete");
    await stage.gateway.settled();
  });
});

describe("a request that is no handshake for its route", () => {
  async function servedPlainly(parts: RequestParts, route: Readonly<Record<string, unknown>>): Promise<void> {
    await using stage = new Stage();
    const upstream = await stage.front(answering(), { route });
    const response = await stage.ask(parts);
    assert.equal(response.status, 200);
    const { fields } = await upstream.request(1);
    assert.deepEqual(valuesOf(fields, "upgrade"), []);
    assert.ok(!valuesOf(fields, "connection").some((value) => /upgrade/i.test(value)));
  }

  function upgrading(...fields: ReadonlyArray<readonly [string, string]>): RequestParts {
    return { fields: [["Connection", "Upgrade"], ...fields] };
  }

  const key = ["Sec-WebSocket-Key", sampleKey] as const;
  const cases: ReadonlyArray<readonly [name: string, parts: RequestParts, allows?: false]> = [
    ["the route allows none", handshake(), false],
    ["another protocol", upgrading(["Upgrade", "h2c"], ["HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"], key)],
    ["a list of protocols", upgrading(["Upgrade", "h2c, websocket"], key)],
    ["no key", upgrading(["Upgrade", "websocket"])],
    ["two keys", upgrading(["Upgrade", "websocket"], key, key)],
    ["a key of another length", upgrading(["Upgrade", "websocket"], ["Sec-WebSocket-Key", "AAAA"])],
    ["another method", { ...handshake(), method: "POST" }],
    ["a body", { ...handshake(), body: "abc" }],
    ["HTTP/1.0", { ...handshake(), version: "HTTP/1.0" }],
  ];
  for (const [name, parts, allows] of cases) {
    test(`is served without its Upgrade field: ${name}`, bounded, async () => {
      await servedPlainly(parts, { websocket: allows ?? true });
    });
  }

  test("behind one that awaits its answer, it is a handshake in its turn", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      answering((request) => (request.target === "/first" ? ok : responseBytes("426 Upgrade Required"))),
      allowed,
    );
    const client = await stage.client();
    client.send(Buffer.concat([requestBytes({ target: "/first" }), handshakeBytes({ target: "/second" })]));
    assert.equal((await client.response()).status, 200);
    assert.equal((await client.response()).status, 426);
    assert.deepEqual(valuesOf((await upstream.request(2)).fields, "upgrade"), ["websocket"]);
    await stage.settle();
  });

  test("is refused like every other where its route, target or fields are wrong", bounded, async () => {
    await using stage = new Stage();
    await stage.front(answering(), { route: { websocket: true, path: "/chat", methods: ["GET"] } });
    await stage.fails({ code: "no_route" }, handshake({ target: "/elsewhere" }));
    await stage.fails({ code: "malformed_request" }, handshake({ target: "/%2e%2e/chat" }));
    await stage.fails({ code: "expectation_failed" }, handshake({ target: "/chat", fields: [["Expect", "more"]] }));
  });
});
