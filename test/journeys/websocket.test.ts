import type { AddressInfo, Socket } from "node:net";

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, test } from "node:test";

import type { RawClient } from "../support/raw-client.ts";

import { singleRoute } from "../support/config-file.ts";
import { refusedPort } from "../support/dead-ports.ts";
import { Stage } from "../support/stage.ts";
import { caFile } from "../support/tls-upstream.ts";
import { until } from "../support/until.ts";
import { hanging, ok } from "../support/upstream-scripts.ts";
import {
  echoingBytes,
  echoingMessages,
  handshake,
  handshakeBytes,
  switching,
  upgrading,
} from "../support/websocket.ts";

const bounded = { timeout: 15_000 };
const allowed = { route: { websocket: true } };
const mebibyte = 1024 * 1024;

async function metrics(stage: Stage): Promise<string> {
  return (await fetch(`http://127.0.0.1:${stage.gateway.adminPort}/metrics`)).text();
}

/** A client whose tunnel stands. */
async function tunnelled(stage: Stage, fields: ReadonlyArray<readonly [string, string]> = []): Promise<RawClient> {
  const client = await stage.client();
  client.send(handshakeBytes({ fields }));
  assert.equal((await client.head()).status, 101);
  return client;
}

describe("a WebSocket", () => {
  test("carries messages of every size both ways, and its closing code", { timeout: 30_000 }, async () => {
    await using stage = new Stage();
    await stage.front(echoingMessages, allowed);
    const socket = new WebSocket(`ws://127.0.0.1:${stage.gateway.port}/chat`);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    const messages = ["", "caf\u00e9", randomBytes(70_000), randomBytes(16 * mebibyte)];
    for (const message of messages) {
      const answered = once(socket, "message") as Promise<[MessageEvent]>;
      socket.send(message);
      const [{ data }] = await answered;
      if (typeof message === "string") assert.equal(data, message);
      else assert.ok(message.equals(Buffer.from(data as ArrayBuffer)));
    }
    const closed = once(socket, "close") as Promise<[CloseEvent]>;
    socket.close(4001, "done");
    const [{ code, reason }] = await closed;
    assert.deepEqual([code, reason], [4001, "done"]);
    await stage.gateway.settled();
  });

  test("has one access line, at its end, with the bytes of both ways", bounded, async () => {
    await using stage = new Stage();
    await stage.front(echoingBytes, allowed);
    const client = await tunnelled(stage, [["X-Request-Id", "tunnel-1"]]);
    client.send("hello");
    await client.bytes(5);
    assert.deepEqual(stage.gateway.log.of("request", "tunnel-1"), []);
    assert.match(await metrics(stage), /^statuswise_websockets\{upstream="service"\} 1$/m);
    client.fin();
    const line = await stage.gateway.log.access("tunnel-1");
    assert.deepEqual([line["status"], line["code"], line["source"]], [101, "", "upstream"]);
    assert.deepEqual([line["bytesIn"], line["bytesOut"], line["attempts"]], [5, 5, 1]);
    const text = await metrics(stage);
    assert.match(text, /^statuswise_websockets\{upstream="service"\} 0$/m);
    assert.match(text, /^statuswise_requests_total\{.*status="101".*\} 1$/m);
    assert.match(text, /^statuswise_upstream_attempts_total\{upstream="service",outcome="success"\} 1$/m);
    assert.match(text, /^statuswise_request_duration_seconds_count\{route="everything"\} 0$/m);
    await stage.gateway.settled();
  });

  test("goes through TLS to the upstream", bounded, async () => {
    await using stage = new Stage();
    const { port } = await stage.tlsUpstream("valid", echoingBytes);
    await stage.start(
      singleRoute({ ...allowed, target: `https://localhost:${port}`, upstream: { tls: { ca: caFile } } }),
    );
    const client = await tunnelled(stage);
    client.send("hello");
    assert.equal((await client.bytes(5)).toString(), "hello");
    await stage.settle();
  });

  test("holds no permit, and has its own limit", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      async (connection) => {
        const request = await connection.readRequest();
        connection.write(request.fields.some(([name]) => name === "upgrade") ? switching(request) : ok);
      },
      { ...allowed, upstream: { concurrency: { limit: 1, queue: { depth: 0 } }, websockets: { max: 2 } } },
    );
    const first = await tunnelled(stage);
    await tunnelled(stage);
    await stage.fails({ code: "concurrency_limited", close: true }, handshake());
    assert.equal((await stage.ask()).status, 200);
    first.reset();
    await until(() => upstream.openConnections < 3);
    await until(async () => (await stage.gateway.upstreams())[0]?.webSockets === 1);
    await tunnelled(stage);
    await stage.settle();
  });
});

describe("the two halves of a tunnel end together", () => {
  test("when the client resets", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(echoingBytes, allowed);
    const client = await tunnelled(stage, [["X-Request-Id", "reset-1"]]);
    client.reset();
    await (
      await upstream.connection(1)
    ).ended;
    assert.equal((await stage.gateway.log.access("reset-1"))["code"], "");
    await stage.gateway.settled();
  });

  test("when the client says FIN, after what it had said", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      upgrading(async (connection) => {
        await connection.readExactly(10);
      }),
      allowed,
    );
    const client = await tunnelled(stage);
    client.send("last words");
    client.fin();
    const connection = await upstream.connection(1);
    assert.equal(await connection.ended, "fin");
    assert.match(connection.received.toString("latin1"), /last words$/);
    assert.equal(await client.ended, "fin");
    await stage.gateway.settled();
  });

  test("when the upstream closes, and the other side does not follow", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(
      upgrading((connection) => {
        connection.write("last words");
        connection.fin();
      }),
      allowed,
    );
    const client = await tunnelled(stage);
    assert.equal((await client.bytes(10)).toString(), "last words");
    assert.equal(await client.ended, "fin");
    await (
      await upstream.connection(1)
    ).ended;
    await stage.gateway.settled();
  });

  test("when the client has finished and the upstream does not follow", bounded, async () => {
    await using stage = new Stage();
    const sockets: Socket[] = [];
    // Reads on and never ends its half.
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.once("data", (head) => {
        const key = /sec-websocket-key: (.+)\r\n/.exec(String(head))?.[1] ?? "";
        socket.write(
          switching({
            method: "GET",
            target: "/",
            version: "HTTP/1.1",
            body: Buffer.alloc(0),
            fields: [["sec-websocket-key", key]],
          }),
        );
        sockets.push(socket.resume());
        socket.once("end", () => socket.write("still there?"));
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await stage.start(singleRoute({ ...allowed, target: `http://127.0.0.1:${port}` }));
    const client = await tunnelled(stage);
    client.fin();
    assert.equal((await client.bytes(12)).toString(), "still there?");
    await client.ended;
    await stage.gateway.settled();
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("when the upstream resets, which is its failure", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(echoingBytes, allowed);
    const client = await tunnelled(stage, [["X-Request-Id", "broken-1"]]);
    (await upstream.connection(1)).reset();
    await client.ended;
    const { access } = await stage.assertLogged("broken-1", { code: "upstream_incomplete", phase: "relay" });
    assert.equal(access["status"], 101);
    await stage.gateway.settled();
  });

  test("when neither has said anything for too long, and that is nobody's failure", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(echoingBytes, { ...allowed, upstream: { websockets: { idle: "1s" } } });
    const client = await tunnelled(stage, [["X-Request-Id", "idle-1"]]);
    client.send("x");
    await client.bytes(1);
    await client.ended;
    await (
      await upstream.connection(1)
    ).ended;
    assert.equal((await stage.gateway.log.access("idle-1"))["code"], "");
    await stage.gateway.settled();
  });

  test("when the client leaves before the upstream has answered", bounded, async () => {
    for (const leave of ["reset", "fin"] as const) {
      await using stage = new Stage();
      const upstream = await stage.front(hanging, allowed);
      const client = await stage.client();
      client.send(handshakeBytes({ fields: [["X-Request-Id", leave]] }));
      await upstream.request(1);
      client[leave]();
      await (
        await upstream.connection(1)
      ).ended;
      assert.equal((await stage.gateway.log.access(leave))["code"], "client_closed");
      await stage.gateway.settled();
    }
  });

  test("when the drain's deadline has come, and not before", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(echoingBytes, {
      ...allowed,
      listen: { drain: { grace: "0s", deadline: "500ms" } },
    });
    const client = await tunnelled(stage);
    const drained = stage.gateway.drain();
    await stage.gateway.log.line((line) => line["event"] === "draining");
    client.send("still here");
    assert.equal((await client.bytes(10)).toString(), "still here");
    assert.equal(await drained, 1);
    await client.ended;
    await (
      await upstream.connection(1)
    ).ended;
  });
});

describe("a handshake that fails is answered as every request that fails:", () => {
  const quick = { timeouts: { connect: "300ms", headers: "150ms" } };

  test("nobody listens", bounded, async () => {
    await using stage = new Stage();
    await stage.start(singleRoute({ ...allowed, target: `http://127.0.0.1:${await refusedPort()}` }));
    await stage.fails({ code: "upstream_refused", phase: "connect", close: true }, handshake());
  });

  test("nobody accepts", bounded, async () => {
    await using stage = new Stage();
    const { port } = await stage.blackHole();
    await stage.start(singleRoute({ ...allowed, target: `http://127.0.0.1:${port}`, upstream: quick }));
    await stage.fails({ code: "upstream_connect_timeout", phase: "connect", close: true }, handshake());
  });

  test("the upstream resets, or closes", bounded, async () => {
    for (const end of ["reset", "fin"] as const) {
      await using stage = new Stage();
      await stage.front(async (connection) => {
        await connection.readRequest();
        connection[end]();
      }, allowed);
      await stage.fails({ code: "upstream_reset", phase: "headers", close: true }, handshake());
      await stage.settle();
    }
  });

  test("the upstream is silent", bounded, async () => {
    await using stage = new Stage();
    const upstream = await stage.front(hanging, { ...allowed, upstream: quick });
    await stage.fails({ code: "upstream_headers_timeout", phase: "headers", close: true }, handshake());
    assert.equal((await upstream.connection(1)).finishedBy, "gateway");
    await stage.settle();
  });

  test("the upstream speaks something else, or a status nobody may send on", bounded, async () => {
    const garbage = [
      "what?\r\n\r\n",
      "HTTP/1.1 101 \r\nA\u0000: b\r\n\r\n",
      "HTTP/1.1 999 No\r\nContent-Length: 0\r\n\r\n",
    ];
    garbage.push("HTTP/1.1 403 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/2.0 403 No\r\n\r\n");
    for (const bytes of garbage) {
      await using stage = new Stage();
      await stage.front(async (connection) => {
        await connection.readRequest();
        connection.write(bytes);
      }, allowed);
      await stage.fails({ code: "upstream_protocol_error", close: true }, handshake());
      await stage.settle();
    }
  });

  test("the upstream's head is too large", bounded, async () => {
    await using stage = new Stage();
    await stage.front(async (connection) => {
      await connection.readRequest();
      await connection.writeAll(Buffer.from(`HTTP/1.1 403 No\r\nX-Long: ${"x".repeat(200_000)}\r\n\r\n`));
    }, allowed);
    await stage.fails({ code: "upstream_headers_too_large", close: true }, handshake());
  });

  test("the upstream's certificate is not to be trusted", bounded, async () => {
    await using stage = new Stage();
    const { port } = await stage.tlsUpstream("self-signed", echoingBytes);
    await stage.start(
      singleRoute({ ...allowed, target: `https://localhost:${port}`, upstream: { tls: { ca: caFile } } }),
    );
    await stage.fails({ code: "upstream_certificate", phase: "tls", close: true }, handshake());
  });

  test("once: no handshake is repeated, whatever the route retries", bounded, async () => {
    await using stage = new Stage();
    const target = `http://127.0.0.1:${await refusedPort()}`;
    await stage.start(singleRoute({ target, route: { websocket: true, retry: { on: ["refused"] } } }));
    const { access } = await stage.fails({ code: "upstream_refused", close: true }, handshake());
    assert.equal(access["attempts"], 1);
  });

  test("the route is under maintenance", bounded, async () => {
    await using stage = new Stage();
    await stage.front(echoingBytes, { route: { websocket: true, maintenance: { retryAfter: "10m" } } });
    await stage.fails({ code: "maintenance", close: true, retryAfterAtLeast: 600 }, handshake());
  });
});
