import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ClientRequest } from "../../gateway/client/request.ts";

import { answer, ClientStand, plainListen } from "../support/client-stand.ts";
import { connectClient, exchange, requestBytes } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 10_000 };

describe("the listener hands over", bounded, () => {
  test("a request, and whether its client waits for 100 (Continue)", async () => {
    await using stand = await new ClientStand().open();
    await exchange(stand.port);
    await exchange(stand.port, { method: "POST", fields: [["Expect", "100-Continue"]], body: "x" });
    await exchange(stand.port, { fields: [["Expect", "cake"]] });
    await exchange(stand.port, { fields: [["Expect", "100-continue"]] });
    await exchange(stand.port, { version: "HTTP/1.0", fields: [["Expect", "100-continue"]], body: "x" });
    assert.deepEqual(
      stand.requests.map(({ owesContinue }) => owesContinue),
      [false, true, false, false, false],
    );
  });

  test("all of a request's fields, so that too many are refused and not dropped in silence", async () => {
    await using stand = await new ClientStand({ maxHeaderSize: 65_536 }).open();
    await exchange(stand.port, { fields: Array.from({ length: 3000 }, (_, index) => [`X-${index}`, "1"] as const) });
    assert.equal(stand.requests[0]?.head.fields.list.length, 2 * 3001);
  });

  test("a request without Host, for the gateway to refuse in its own words", async () => {
    await using stand = await new ClientStand().open();
    await exchange(stand.port, { host: null });
    assert.equal(stand.requests[0]?.failure, undefined);
  });

  test("who sent it", async () => {
    await using stand = await new ClientStand().open();
    await exchange(stand.port);
    assert.deepEqual(stand.requests[0]?.peer, { remoteAddress: "127.0.0.1", isSecure: false });
  });

  test("CONNECT as method_not_allowed, with Allow", async () => {
    await using stand = await new ClientStand().open();
    await stand.send("CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n");
    assert.equal(stand.refusal, "method_not_allowed");
    const [allow] = stand.requests[0]?.failure?.options.headers ?? [];
    assert.equal(allow?.[0], "Allow");
  });

  test("a client that resets its CONNECT as one that has left, and the process goes on", async () => {
    await using stand = await new ClientStand().open();
    stand.onRequest = () => {};
    using client = await connectClient(stand.port);
    client.send("CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n");
    await until(() => stand.requests.length === 1);
    client.send("\r\n");
    client.reset();
    // Nobody else listens here: an error that nobody takes would end the process, and so fail this test.
    await until(() => stand.listener.connections.open === 0);
    assert.deepEqual(
      stand.cancelled.map((reason) => "code" in reason && reason.code),
      ["client_closed"],
    );
  });

  const unparsed = [
    ["bytes that are no HTTP", "\x16\x03\x01\x02\x00\x01\xfc\x03\r\n\r\n", "malformed_request"],
    ["two lengths", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed_request"],
    [
      "a length beside chunked",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "malformed_request",
    ],
    ["a version nobody knows", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", "http_version_unsupported"],
    ["a head over the limit", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(5000)}\r\n\r\n`, "headers_too_large"],
    ["a target that alone is over the limit", `GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`, "uri_too_long"],
    [
      "a coding nobody knows",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "transfer_coding_unknown",
    ],
  ] as const;

  for (const [name, bytes, code] of unparsed) {
    test(`${name} as ${code}, and ends the connection after its answer`, async () => {
      await using stand = await new ClientStand().open();
      assert.match(await stand.send(bytes), /^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*connection: close\r\n\r\nfine$/);
      assert.equal(stand.refusal, code);
      assert.equal(stand.requests[0]?.isLast, true);
    });
  }

  test("nothing of a client that resets in the midst of a head: there is nobody to answer", async () => {
    await using stand = await new ClientStand().open();
    using client = await connectClient(stand.port);
    client.send("GET / HT");
    client.reset();
    await exchange(stand.port);
    await until(() => stand.listener.connections.open === 0);
    assert.equal(stand.requests.length, 1);
  });
});

describe("the listener's life", bounded, () => {
  test("a port in use is told by node's own error", async () => {
    await using stand = await new ClientStand().open();
    const second = new ClientStand({ port: stand.port });
    await assert.rejects(second.open(), { code: "EADDRINUSE" });
    await second.listener.close();
  });

  test("for one connection more than are allowed the longest idle is closed, and counted", async () => {
    await using stand = await new ClientStand({ maxConnections: 2 }).open();
    const clients = [await connectClient(stand.port), await connectClient(stand.port)] as const;
    for (const client of clients) {
      client.send(requestBytes());
      await client.response();
    }
    using newcomer = await connectClient(stand.port);
    newcomer.send(requestBytes());
    assert.equal((await newcomer.response()).status, 200);
    assert.equal(await clients[0].ended, "fin");
    clients[1].send(requestBytes());
    assert.equal((await clients[1].response()).status, 200);
    const { open, dropped, reclaimed } = stand.listener.connections;
    assert.deepEqual([open, dropped, reclaimed], [2, 0, 1]);
    for (const client of clients) client[Symbol.dispose]();
  });

  test("where none is idle the new one is dropped, and counted", async () => {
    await using stand = await new ClientStand({ maxConnections: 1 }).open();
    stand.onRequest = () => {};
    using busy = await connectClient(stand.port);
    busy.send(requestBytes());
    await until(() => stand.requests.length === 1);
    using second = await connectClient(stand.port);
    await second.ended;
    const { open, dropped, reclaimed } = stand.listener.connections;
    assert.deepEqual([open, dropped, reclaimed], [1, 1, 0]);
  });

  test("limits follow a reload, also on connections that stand", async () => {
    await using stand = await new ClientStand({ maxHeaderSize: 1024 }).open();
    using client = await connectClient(stand.port);
    client.send(requestBytes());
    await client.response();
    stand.listener.reconfigure({ ...plainListen, maxHeaderSize: 8192, maxRequestsPerSocket: 3, keepAlive: 7000 });
    const fields = [["X-Long", "x".repeat(4000)]] as const;
    client.send(requestBytes({ fields }));
    const second = await client.response();
    assert.equal(second.fields.find(([name]) => name === "keep-alive")?.[1], "timeout=7");
    client.send(requestBytes({ fields }));
    await client.response();
    assert.equal(await client.ended, "fin");
    assert.deepEqual(
      stand.requests.map(({ failure, isLast }) => [failure, isLast]),
      [
        [undefined, false],
        [undefined, false],
        [undefined, true],
      ],
    );
  });

  test("close ends idle connections and waits for the others", async () => {
    await using stand = await new ClientStand().open();
    let slow: ClientRequest | undefined;
    stand.onRequest = (request) => {
      if (request.head.target === "/slow") slow = request;
      else answer(request);
    };
    using silent = await connectClient(stand.port);
    using idle = await connectClient(stand.port);
    idle.send(requestBytes());
    await idle.response();
    using busy = await connectClient(stand.port);
    busy.send(requestBytes({ target: "/slow", fields: [["Connection", "close"]] }));
    await until(() => slow !== undefined);
    let isClosed = false;
    const closed = stand.listener.close().then(() => (isClosed = true));
    await Promise.all([idle.ended, silent.ended]);
    assert.equal(isClosed, false);
    if (slow !== undefined) answer(slow);
    assert.equal((await busy.response()).status, 200);
    await closed;
  });

  test("close cuts nothing off that is written and not yet out", async () => {
    await using stand = await new ClientStand().open();
    const body = "x".repeat(32 * 1024 * 1024);
    stand.onRequest = (request) => answer(request, body);
    using slow = await connectClient(stand.port);
    slow.stopReading();
    slow.send(requestBytes());
    await until(() => stand.requests.length === 1);
    assert.equal(stand.requests[0]?.response.isEnded, true);
    const closed = stand.listener.close();
    const response = await slow.response();
    assert.deepEqual([response.isComplete, response.body.length], [true, body.length]);
    slow.fin();
    await closed;
  });

  test("destroy ends what is under way, and its exchange hears that its client is gone", async () => {
    await using stand = await new ClientStand().open();
    stand.onRequest = () => {};
    using client = await connectClient(stand.port);
    client.send(requestBytes());
    await until(() => stand.requests.length === 1);
    const closed = stand.listener.close();
    stand.listener.destroy();
    await Promise.all([closed, client.ended]);
    await until(() => stand.cancelled.length === 1);
  });
});
