import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Exchange } from "../../gateway/exchange.ts";

import { endAfterRequest, isRequestLeft } from "../../gateway/respond/linger.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { connectClient } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { openServer } from "./answering-server.ts";

const bounded = { timeout: 10_000 };

interface Left {
  readonly headers?: Record<string, string>;
  readonly complete?: boolean;
  readonly bytesIn?: number;
  readonly owesContinue?: boolean;
}

function isLeft({ headers = {}, complete = false, bytesIn = 0, owesContinue = false }: Left): boolean {
  const exchange = exchangeUnderTest({ req: { headers, complete } });
  return isRequestLeft(Object.assign(exchange, { bytesIn, owesContinue }));
}

describe("a request that is left unread", () => {
  test("is none where the request is whole, or never had a body", () => {
    assert.equal(isLeft({ complete: true, headers: { "content-length": "1000000" } }), false);
    assert.equal(isLeft({}), false);
    assert.equal(isLeft({ headers: { "content-length": "0" } }), false);
  });

  test("is no obstacle while it is small and nobody has begun to read it", () => {
    assert.equal(isLeft({ headers: { "content-length": "65536" } }), false);
    assert.equal(isLeft({ headers: { "content-length": "65537" } }), true);
    assert.equal(isLeft({ headers: { "content-length": "10" }, bytesIn: 5 }), true);
  });

  test("ends the connection where nobody knows how long it will be, or whether it will come", () => {
    assert.equal(isLeft({ headers: { "transfer-encoding": "chunked" } }), true);
    assert.equal(isLeft({ headers: { "content-length": "10" }, owesContinue: true }), true);
  });
});

/** Answers "fine" and closes, as a refusal of an unread upload does. */
async function refuse(exchange: Exchange): Promise<void> {
  exchange.res.writeHead(413, ["content-length", "4", "connection", "close"]);
  await endAfterRequest(exchange, Buffer.from("fine"));
}

const upload = (length: number): string => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

describe("an answer before the request is whole", bounded, () => {
  test("reaches a client that writes all of its body before it reads", async () => {
    await using server = await openServer(refuse, new FakeClock());
    using client = await connectClient(server.port);
    client.send(upload(500_000));
    await client.sendAll(Buffer.alloc(500_000));
    const response = await client.response();
    assert.deepEqual([response.status, response.body.toString()], [413, "fine"]);
    assert.equal(await client.ended, "fin");
    await Promise.all(server.ends);
  });

  test("is out before the rest of the request has come", async () => {
    const clock = new FakeClock();
    await using server = await openServer(refuse, clock);
    using client = await connectClient(server.port);
    client.send(upload(500_000));
    assert.equal((await client.response()).status, 413);
    assert.equal(clock.pending, 1, "and still the rest is awaited");
  });

  test("waits a second for the rest, and no longer", async () => {
    const clock = new FakeClock();
    await using server = await openServer(refuse, clock);
    using client = await connectClient(server.port);
    client.send(upload(500_000));
    await client.response();
    clock.advance(1000);
    await client.ended;
    await Promise.all(server.ends);
    assert.equal(clock.pending, 0);
  });

  test("reads a megabyte of the rest, and no more", async () => {
    const clock = new FakeClock();
    await using server = await openServer(refuse, clock);
    using client = await connectClient(server.port);
    client.send(upload(100_000_000));
    await client.response();
    client.send(Buffer.alloc(1_200_000));
    await client.ended;
    await Promise.all(server.ends);
    assert.equal(clock.pending, 0);
  });

  test("waits for nobody once the client is gone", async () => {
    const clock = new FakeClock();
    await using server = await openServer(refuse, clock);
    using client = await connectClient(server.port);
    client.send(upload(500_000));
    await client.response();
    client.reset();
    await Promise.all(server.ends);
    assert.equal(clock.pending, 0);
  });

  test("without a body of its own sends its head first", async () => {
    const clock = new FakeClock();
    await using server = await openServer(async (exchange) => {
      exchange.res.writeHead(413, ["content-length", "0", "connection", "close"]);
      await endAfterRequest(exchange, undefined);
    }, clock);
    using client = await connectClient(server.port);
    client.send(upload(500_000));
    assert.equal((await client.head()).status, 413);
    clock.advance(1000);
    await Promise.all(server.ends);
  });
});

test("an answer to a client that has gone already ends at once", bounded, async () => {
  let isOver = false;
  await using server = await openServer(async (exchange, _req, res) => {
    res.destroy();
    await endAfterRequest(exchange, Buffer.from("fine"));
    isOver = true;
  });
  using client = await connectClient(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => isOver);
});

test("an answer to a whole request ends without waiting", bounded, async () => {
  const clock = new FakeClock();
  await using server = await openServer(async (exchange) => {
    exchange.res.writeHead(200, ["content-length", "4"]);
    await endAfterRequest(exchange, Buffer.from("fine"));
  }, clock);
  using client = await connectClient(server.port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response()).body.toString(), "fine");
  await Promise.all(server.ends);
  assert.equal(clock.pending, 0);
});
