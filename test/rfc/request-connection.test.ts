import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { valueOf } from "../support/http-message.ts";
import { answering, ok, responseBytes } from "../support/upstream-scripts.ts";
import { until } from "../support/until.ts";
import { hosted, together, Wire } from "./wire.ts";

const get = (target: string, ...fields: readonly string[]): string => hosted([`GET ${target} HTTP/1.1`, ...fields]);

/** Answers each request with its own target, the first only when told. */
function holdingFirst(): { readonly script: ReturnType<typeof answering>; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    release: resolve,
    script: async (connection) => {
      for (;;) {
        const { target } = await connection.readRequest();
        if (target === "/0") await promise;
        connection.write(responseBytes("200 OK", target));
      }
    },
  };
}

const targetsOf = (wire: Wire): readonly string[] => wire.upstream.requests.map(({ target }) => target);

describe("pipelined requests", together, () => {
  test("are asked one after the other and answered in their order", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    const targets = Array.from({ length: 100 }, (_, n) => `/${n}`);
    wire.client.send(targets.map((target) => get(target)).join(""));
    await wire.upstream.request(1);
    await wire.stage.ask({ target: "/elsewhere" });
    assert.deepEqual(targetsOf(wire), ["/0", "/elsewhere"], "the second waits for the first one's answer");
    release();
    for (const target of targets) assert.equal((await wire.client.response()).body.toString(), target);
    assert.deepEqual(targetsOf(wire), ["/0", "/elsewhere", ...targets.slice(1)]);
  });

  test("each with its body, framed in either way", async () => {
    await using wire = await Wire.open();
    const counted = hosted(["POST /a HTTP/1.1", "Content-Length: 3"], "abc");
    const chunked = hosted(["PUT /b HTTP/1.1", "Transfer-Encoding: chunked"], "3\r\ndef\r\n0\r\n\r\n");
    wire.client.send(counted + chunked + get("/c"));
    for (let n = 0; n < 3; n += 1) assert.equal((await wire.client.response()).status, 200);
    assert.deepEqual(
      wire.upstream.requests.map(({ method, target, body }) => [method, target, body.toString()]),
      [
        ["POST", "/a", "abc"],
        ["PUT", "/b", "def"],
        ["GET", "/c", ""],
      ],
    );
  });

  test("behind Connection: close are nobody's", async () => {
    await using wire = await Wire.open();
    wire.client.send(get("/0", "Connection: close") + get("/1"));
    assert.equal((await wire.client.response()).status, 200);
    await wire.client.ended;
    assert.deepEqual(targetsOf(wire), ["/0"]);
  });

  test("behind one that is refused for its framing are nobody's", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(get("/0") + hosted(["GET /1 HTTP/1.1", "Host: other.test"]) + get("/2"));
    await wire.upstream.request(1);
    release();
    assert.equal((await wire.client.response()).body.toString(), "/0");
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(await wire.client.ended, "fin");
    assert.deepEqual(targetsOf(wire), ["/0"]);
  });

  test("are answered though nonsense follows, which is refused in its turn and ends the connection", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(`${get("/0")}${get("/1")}nonsense\r\n\r\n${get("/2")}`);
    await wire.upstream.request(1);
    release();
    for (const target of ["/0", "/1"]) assert.equal((await wire.client.response()).body.toString(), target);
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(await wire.client.ended, "fin");
    assert.deepEqual(targetsOf(wire), ["/0", "/1"]);
  });

  test("whose body breaks while they wait are refused in their turn, unasked", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(get("/0") + hosted(["POST /1 HTTP/1.1", "Transfer-Encoding: chunked"], "zz\r\n"));
    await wire.upstream.request(1);
    release();
    assert.equal((await wire.client.response()).body.toString(), "/0");
    await wire.stage.assertFailed(await wire.client.response("POST"), {
      code: "malformed_request",
      close: true,
      method: "POST",
    });
    assert.deepEqual(targetsOf(wire), ["/0"]);
  });

  test("behind one that asks for an upgrade, and does not get it, are requests like every other", async () => {
    await using wire = await Wire.open();
    wire.client.send(
      get("/0", "Connection: Upgrade", "Upgrade: websocket") + hosted(["POST /1 HTTP/1.1", "Content-Length: 3"], "abc"),
    );
    wire.client.send(get("/2"));
    for (const status of [200, 200, 200]) assert.equal((await wire.client.response()).status, status);
    assert.deepEqual(targetsOf(wire), ["/0", "/1", "/2"]);
  });

  test("wait in the system, however many they are: each is read in its turn, and all are answered", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(Array.from({ length: 1000 }, (_, n) => get(`/${n}`)).join(""));
    await wire.upstream.request(1);
    release();
    for (let n = 0; n < 1000; n++) assert.equal((await wire.client.response()).status, 200);
    assert.equal(targetsOf(wire).length, 1000);
  });

  test("CONNECT behind them is refused in its turn, and the connection ends", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(`${get("/0")}${get("/1")}CONNECT api.test:80 HTTP/1.1\r\nHost: api.test:80\r\n\r\nnoise`);
    await wire.upstream.request(1);
    release();
    for (const target of ["/0", "/1"]) assert.equal((await wire.client.response()).body.toString(), target);
    await wire.stage.assertFailed(await wire.client.response(), { code: "method_not_allowed", close: true });
    assert.equal(await wire.client.ended, "fin");
    assert.deepEqual(targetsOf(wire), ["/0", "/1"]);
  });

  test("CONNECT behind an answer that a slow reader is taking does not stop it", async () => {
    const long = "x".repeat(8_000_000);
    await using wire = await Wire.open({}, answering(responseBytes("200 OK", long)));
    wire.client.stopReading();
    wire.client.send(`${get("/0")}CONNECT api.test:80 HTTP/1.1\r\nHost: api.test:80\r\n\r\n`);
    await wire.upstream.request(1);
    const response = await wire.client.response();
    assert.deepEqual([response.isComplete, response.body.length], [true, long.length]);
    await wire.stage.assertFailed(await wire.client.response(), { code: "method_not_allowed", close: true });
    assert.equal(await wire.client.ended, "fin");
  });
});

describe("a connection's requests are counted", together, () => {
  test("the last of listen.maxRequestsPerSocket says close, and none follows", async () => {
    await using wire = await Wire.open({ listen: { maxRequestsPerSocket: 3 } });
    wire.client.send(["/1", "/2", "/3", "/4", "/5"].map((target) => get(target)).join(""));
    const said: Array<string | undefined> = [];
    for (let n = 0; n < 3; n += 1) said.push(valueOf((await wire.client.response()).fields, "connection"));
    assert.deepEqual(said.at(-1), "close");
    assert.equal(await wire.client.ended, "fin");
    assert.equal(wire.client.received.toString("latin1").split("HTTP/1.1 ").length, 4);
    assert.deepEqual(targetsOf(wire), ["/1", "/2", "/3"]);
  });
});

describe("a client that has said all", together, () => {
  test("still gets its answer, and those it pipelined", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(get("/0") + get("/1"));
    wire.client.fin();
    await wire.upstream.request(1);
    release();
    for (const target of ["/0", "/1"]) assert.equal((await wire.client.response()).body.toString(), target);
    assert.equal(await wire.client.ended, "fin");
  });

  test("and waits hears nothing before its answer", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(get("/0"));
    wire.client.fin();
    await wire.upstream.request(1);
    release();
    const response = await wire.client.response();
    assert.deepEqual([response.interim, response.status, response.body.toString()], [[], 200, "/0"]);
  });

  test("has left where listen.halfClose says so: the upstream's request is given up", async () => {
    const { script } = holdingFirst();
    await using wire = await Wire.open({ listen: { halfClose: "cancel" } }, script);
    wire.client.send(get("/0", "X-Request-Id: gone"));
    await wire.upstream.request(1);
    wire.client.fin();
    await (
      await wire.upstream.connection(1)
    ).ended;
    assert.equal((await wire.stage.gateway.log.access("gone"))["code"], "client_closed");
    await wire.stage.gateway.settled();
  });

  test("has left once the response's head is out: the upstream's request is given up", async () => {
    await using wire = await Wire.open({}, async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    });
    wire.client.send(get("/0", "X-Request-Id: gone"));
    await wire.client.head();
    wire.client.fin();
    await (
      await wire.upstream.connection(1)
    ).ended;
    assert.equal((await wire.stage.gateway.log.access("gone"))["code"], "client_closed");
    await wire.stage.gateway.settled();
  });

  test("of HTTP/1.0 gets its answer, and nothing before it", async () => {
    const { script, release } = holdingFirst();
    await using wire = await Wire.open({}, script);
    wire.client.send(hosted(["GET /0 HTTP/1.0"]));
    wire.client.fin();
    await wire.upstream.request(1);
    release();
    assert.deepEqual((await wire.client.response()).interim, []);
  });

  test("in the midst of a head is refused", async () => {
    await using wire = await Wire.open();
    wire.client.send("GET / HTTP/1.1\r\nHost: api");
    wire.client.fin();
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(wire.upstream.connections.length, 0);
  });

  test("in the midst of a body is refused, also where it asks for an upgrade", async () => {
    await using wire = await Wire.open();
    wire.client.send(hosted(["GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 5"], "abc"));
    wire.client.fin();
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(wire.upstream.requests.length, 0);
  });

  test("before it said anything is closed without a word", async () => {
    await using wire = await Wire.open();
    wire.client.fin();
    assert.equal(await wire.client.ended, "fin");
    assert.equal(wire.client.received.length, 0);
  });
});

describe("bytes that made no request", together, () => {
  test("are refused after the answer before them, never into it", async () => {
    await using wire = await Wire.open({}, async (connection) => {
      await connection.readRequest();
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
      await until(() => wire.client.received.includes("abc"));
      wire.client.send("nonsense\r\n\r\n");
      // The gateway has read the nonsense once it has answered a request that came later.
      await wire.stage.gateway.load();
      connection.write("def");
    });
    wire.client.send(get("/"));
    const response = await wire.client.response();
    assert.deepEqual([response.isComplete, response.body.toString()], [true, "abcdef"]);
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(await wire.client.ended, "fin");
  });

  test("behind an answer that is out are refused by themselves", async () => {
    await using wire = await Wire.open({}, answering(ok));
    await wire.passes(get("/"));
    wire.client.send("nonsense\r\n\r\n");
    await wire.stage.assertFailed(await wire.client.response(), { code: "malformed_request", close: true });
    assert.equal(await wire.client.ended, "fin");
    assert.equal(wire.upstream.requests.length, 1);
  });
});
