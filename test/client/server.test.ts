import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { ListenConfig } from "../../gateway/config/schema.ts";
import type { Failure } from "../../gateway/failures/failure.ts";
import type { ConnectionLine, Listener, RequestHandler } from "../../gateway/client/server.ts";

import { systemClock } from "../../gateway/clock.ts";
import { createListener } from "../../gateway/client/server.ts";
import { connectClient, exchange, requestBytes } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 10_000 };

/** Notes what is handed over; answers 200 by itself, unless a test says otherwise. */
class Notes implements RequestHandler {
  readonly requests: Array<{
    readonly req: IncomingMessage;
    readonly res: ServerResponse;
    readonly owesContinue: boolean;
  }> = [];
  readonly refused: Array<{ readonly failure: Failure; readonly socket: Socket }> = [];
  readonly broken: Failure[] = [];
  carries = false;
  halfClosed = 0;
  onRequest = (_req: IncomingMessage, res: ServerResponse): void => void res.end("fine");

  handle(req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void {
    this.requests.push({ req, res, owesContinue });
    this.onRequest(req, res);
  }

  refuse(failure: Failure, socket: Socket): void {
    this.refused.push({ failure, socket });
    if (this.onRefuse) this.onRefuse(socket);
  }

  onRefuse: ((socket: Socket) => void) | undefined = (socket) => void socket.end("refused");

  line(socket: Socket): ConnectionLine {
    const isBusy = this.requests.some(({ req, res }) => req.socket === socket && !res.writableFinished);
    return {
      isFree: !this.carries,
      arrivals: this.requests.length,
      isBusy,
      breakOff: (failure) => {
        if (!this.carries) return false;
        this.broken.push(failure);
        socket.destroy();
        return true;
      },
      halfClosed: () => void this.halfClosed++,
      letGo: (failure) => void this.broken.push(failure),
    };
  }

  mayUpgrade(): boolean {
    return false;
  }

  upgrade(): void {
    assert.fail("nothing may be upgraded");
  }
}

/** An open listener, closed with the test. */
class Stand implements AsyncDisposable {
  readonly notes = new Notes();
  readonly listener: Listener;
  port = 0;

  constructor(listen: Partial<ListenConfig> = {}) {
    this.listener = createListener({
      listen: { ...plain, ...listen },
      longestRouteMs: 1000,
      handler: this.notes,
      clock: systemClock,
      report: () => undefined,
    });
  }

  async open(): Promise<this> {
    this.port = await this.listener.open();
    return this;
  }

  /** Sends bytes on a connection of its own and resolves when the gateway has ended it. */
  async send(bytes: string): Promise<string> {
    using client = await connectClient(this.port);
    client.send(bytes);
    await client.ended;
    return client.received.toString("latin1");
  }

  /** The one code that was refused. */
  get refusal(): string | undefined {
    assert.equal(this.notes.refused.length, 1);
    return this.notes.refused[0]?.failure.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.listener.close();
    this.listener.destroy();
    await closed;
  }
}

const plain = {
  host: "127.0.0.1",
  port: 0,
  headersTimeout: 10_000,
  keepAlive: 60_000,
  maxConnections: 100,
  maxHeaderSize: 4096,
} as ListenConfig;

describe("the listener hands over", bounded, () => {
  test("a request, and whether its client waits for 100 (Continue)", async () => {
    await using stand = await new Stand().open();
    await exchange(stand.port);
    await exchange(stand.port, { method: "POST", fields: [["Expect", "100-continue"]], body: "" });
    await exchange(stand.port, { fields: [["Expect", "cake"]] });
    assert.deepEqual(
      stand.notes.requests.map(({ owesContinue }) => owesContinue),
      [false, true, false],
    );
  });

  test("all of a request's fields, so that too many are refused and not dropped in silence", async () => {
    await using stand = await new Stand({ maxHeaderSize: 65_536 }).open();
    using client = await connectClient(stand.port);
    const fields = Array.from({ length: 3000 }, (_, index) => [`X-${index}`, "1"] as const);
    client.send(requestBytes({ fields }));
    await client.response();
    assert.equal(stand.notes.requests[0]?.req.rawHeaders.length, 2 * 3001);
  });

  test("a request without Host, for the gateway to refuse in its own words", async () => {
    await using stand = await new Stand().open();
    using client = await connectClient(stand.port);
    client.send(requestBytes({ host: null }));
    await client.response();
    assert.equal(stand.notes.requests.length, 1);
  });

  test("CONNECT as method_not_allowed, with Allow", async () => {
    await using stand = await new Stand().open();
    assert.equal(await stand.send("CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"), "refused");
    assert.equal(stand.refusal, "method_not_allowed");
    const [allow] = stand.notes.refused[0]?.failure.options.headers ?? [];
    assert.equal(allow?.[0], "Allow");
  });

  test("a client that resets its CONNECT does not end the process", async () => {
    await using stand = await new Stand().open();
    stand.notes.onRefuse = undefined;
    using client = await connectClient(stand.port);
    client.send("CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n");
    await until(() => stand.notes.refused.length === 1);
    const { socket } = stand.notes.refused[0]!;
    client.reset();
    socket.resume();
    // Nobody else listens here: an error that nobody takes would end the process, and so fail this test.
    await until(() => socket.destroyed);
    await new Promise((resolve) => setImmediate(resolve));
  });

  const unparsed = [
    ["bytes that are no HTTP", "\x16\x03\x01\x02\x00\x01\xfc\x03\r\n\r\n", "malformed_request"],
    ["a method nobody knows", "BREW / HTTP/1.1\r\nHost: api.test\r\n\r\n", "method_unknown"],
    ["two lengths", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "malformed_request"],
    [
      "a length beside chunked",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "malformed_request",
    ],
    ["a version nobody knows", "GET / HTTP/3.7\r\nHost: a\r\n\r\n", "http_version_unsupported"],
    ["a head over the limit", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(5000)}\r\n\r\n`, "headers_too_large"],
    ["a target that alone is over the limit", `GET /${"a".repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\n`, "uri_too_long"],
  ] as const;

  for (const [name, bytes, code] of unparsed) {
    test(`${name} as ${code}`, async () => {
      await using stand = await new Stand().open();
      assert.equal(await stand.send(bytes), "refused");
      assert.equal(stand.refusal, code);
      assert.deepEqual(stand.notes.requests, []);
    });
  }

  test("what is broken behind a request that the connection carries, to that request", async () => {
    await using stand = await new Stand().open();
    stand.notes.carries = true;
    stand.notes.onRequest = () => {};
    await stand.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert.deepEqual(
      stand.notes.broken.map(({ code }) => code),
      ["malformed_request"],
    );
    assert.deepEqual(stand.notes.refused, []);
  });

  test("nothing where the connection broke: there is nobody to answer", async () => {
    await using stand = await new Stand().open();
    using client = await connectClient(stand.port);
    client.send("GET / HT");
    client.reset();
    using other = await connectClient(stand.port);
    other.send(requestBytes());
    await other.response();
    assert.deepEqual(stand.notes.refused, []);
  });
});

describe("the listener's life", bounded, () => {
  test("a port in use is told by node's own error", async () => {
    await using stand = await new Stand().open();
    const second = new Stand({ port: stand.port });
    await assert.rejects(second.open(), { code: "EADDRINUSE" });
    await second.listener.close();
  });

  test("connections over the most allowed are dropped and counted", async () => {
    await using stand = await new Stand({ maxConnections: 1 }).open();
    using first = await connectClient(stand.port);
    first.send(requestBytes());
    await first.response();
    using second = await connectClient(stand.port);
    await second.ended;
    assert.equal(stand.listener.connections.dropped, 1);
  });

  test("close ends idle connections and waits for the others", async () => {
    await using stand = await new Stand().open();
    let answer: (() => void) | undefined;
    stand.notes.onRequest = (req, res) => {
      if (req.url === "/slow") answer = () => void res.end("fine");
      else res.end("fine");
    };
    using idle = await connectClient(stand.port);
    idle.send(requestBytes());
    await idle.response();
    using busy = await connectClient(stand.port);
    busy.send(requestBytes({ target: "/slow", fields: [["Connection", "close"]] }));
    await until(() => answer !== undefined);
    let isClosed = false;
    const closed = stand.listener.close().then(() => (isClosed = true));
    await idle.ended;
    assert.equal(isClosed, false);
    answer?.();
    assert.equal((await busy.response()).status, 200);
    await closed;
  });

  test("close cuts nothing off that is written and not yet out", async () => {
    await using stand = await new Stand().open();
    const body = Buffer.alloc(32 * 1024 * 1024, "x");
    stand.notes.onRequest = (_req, res) => void res.end(body);
    using slow = await connectClient(stand.port);
    slow.stopReading();
    slow.send(requestBytes());
    await until(() => stand.notes.requests.length === 1);
    assert.equal(stand.notes.requests[0]?.res.writableEnded, true);
    const closed = stand.listener.close();
    const response = await slow.response();
    assert.deepEqual([response.isComplete, response.body.length], [true, body.length]);
    slow.fin();
    await closed;
  });

  test("destroy ends what is under way", async () => {
    await using stand = await new Stand().open();
    stand.notes.onRequest = () => {};
    using client = await connectClient(stand.port);
    client.send(requestBytes());
    await until(() => stand.notes.requests.length === 1);
    const closed = stand.listener.close();
    stand.listener.destroy();
    await Promise.all([closed, client.ended]);
  });
});
