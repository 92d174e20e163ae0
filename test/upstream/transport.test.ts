import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Attempt, BodySink, Exchange, RequestBody, UpstreamAnswer } from "../../gateway/exchange/exchange.ts";
import type { UpstreamConnection, UpstreamScript } from "../support/raw-upstream.ts";

import { systemClock } from "../../gateway/exchange/clock.ts";
import { classify } from "../../gateway/failures/classify.ts";
import { Transport } from "../../gateway/upstream/transport.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeRequest } from "../support/fake-request.ts";
import { valueOf } from "../support/http-message.ts";
import { newAttempt } from "../support/new-attempt.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";

const bounded = { timeout: 15_000 };

interface Asked {
  readonly method?: string;
  readonly body?: RequestBody;
  readonly request?: FakeRequest;
  readonly isFresh?: boolean;
  readonly maxBodyBytes?: number;
}

/** A transport to an upstream that plays a script. */
class Stand implements AsyncDisposable {
  readonly upstream;
  readonly transport: Transport;
  readonly interim: number[] = [];
  readonly #exchanges: Exchange[] = [];

  constructor(upstream: Awaited<ReturnType<typeof startUpstream>>, keepAliveMs: number) {
    this.upstream = upstream;
    const endpoint = { hostname: "127.0.0.1", port: upstream.port, tls: undefined };
    this.transport = new Transport({ endpoint, keepAliveMs, clock: systemClock });
  }

  send({ method = "GET", body, request = new FakeRequest(), isFresh = false, maxBodyBytes = Infinity }: Asked = {}) {
    const exchange = exchangeUnderTest({ clock: systemClock, request });
    this.#exchanges.push(exchange);
    if (body !== undefined) exchange.body = body;
    const attempt = newAttempt({ startedAt: systemClock.now() });
    const answered = this.transport.send(exchange, attempt, {
      method,
      target: "/orders",
      headers: ["host", "api.test"],
      maxBodyBytes,
      timeouts: { connect: 5000, headers: 5000, idle: 5000 },
      interim: ({ status }) => void this.interim.push(status),
      isFresh,
    });
    answered.catch(() => {});
    return { exchange, attempt, request, answered };
  }

  /** One request and its answer's body; the code of what went wrong in its place. */
  async ask(asked: Asked = {}): Promise<{ status: number; text: string; attempt: Attempt; exchange: Exchange }> {
    const { exchange, attempt, answered } = this.send(asked);
    const answer = await answered;
    return { status: answer.status, text: await bodyOf(answer), attempt, exchange };
  }

  async failureOf(asked: Asked = {}): Promise<string> {
    const { attempt, answered } = this.send(asked);
    try {
      const answer = await answered;
      await bodyOf(answer);
    } catch (thrown) {
      return classify(thrown, attempt).code;
    }
    return assert.fail("nothing went wrong");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.transport.close();
    for (const exchange of this.#exchanges) exchange.close();
    await this.upstream[Symbol.asyncDispose]();
    assert.deepEqual(this.upstream.faults, []);
  }
}

async function open(script: UpstreamScript, keepAliveMs = 60_000): Promise<Stand> {
  return new Stand(await startUpstream(script), keepAliveMs);
}

function bodyOf(answer: UpstreamAnswer): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const sink: BodySink = {
      write: (chunk) => chunks.push(chunk) > 0,
      end: (last) => resolve(Buffer.concat(last === undefined ? chunks : [...chunks, last]).toString("latin1")),
      fail: reject,
    };
    answer.flow(sink);
  });
}

/** Answers every request on a connection with these bytes. */
const saying =
  (bytes: string): UpstreamScript =>
  async (connection) => {
    for (;;) {
      await connection.readRequest();
      connection.write(bytes);
    }
  };

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("a connection", bounded, () => {
  test("carries one request after the other, and says whether it had served before", async () => {
    await using stand = await open(saying(ok));
    const first = await stand.ask();
    assert.deepEqual([first.status, first.text, first.attempt.reused], [200, "ok", false]);
    assert.equal((await stand.ask()).attempt.reused, true);
    assert.equal(stand.upstream.connections.length, 1);
    assert.deepEqual(stand.transport.connections, { busy: 0, idle: 1 });
  });

  test("is not shared by requests at the same time", async () => {
    await using stand = await open(saying(ok));
    await Promise.all([stand.ask(), stand.ask(), stand.ask()]);
    assert.equal(stand.upstream.connections.length, 3);
    assert.deepEqual(stand.transport.connections, { busy: 0, idle: 3 });
  });

  test("is passed by where a fresh one is asked for", async () => {
    await using stand = await open(saying(ok));
    await stand.ask();
    assert.equal((await stand.ask({ isFresh: true })).attempt.reused, false);
  });

  const once: ReadonlyArray<readonly [name: string, bytes: string, method?: string]> = [
    ["after an answer that says so", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
    ["after an answer of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["where bytes came behind the answer", `${ok}HTTP/1.1 200 OK\r\n\r\n`],
    ["where more came behind it than it promised", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokok"],
    [
      "where the upstream keeps it for no more than a second",
      ok.replace("\r\n\r\n", "\r\nKeep-Alive: timeout=1\r\n\r\n"),
    ],
    ["after HEAD, whose answer might have a body", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD"],
  ];
  for (const [name, bytes, method = "GET"] of once) {
    test(`is used no more ${name}`, async () => {
      await using stand = await open(saying(bytes));
      assert.equal((await stand.ask({ method })).status, 200);
      await stand.ask({ method });
      assert.equal(stand.upstream.connections.length, 2);
      assert.equal(await (await stand.upstream.connection(1)).ended, "fin");
    });
  }

  test("that sends something while it is idle is closed, and nobody sees what it was", async () => {
    let idle: UpstreamConnection | undefined;
    await using stand = await open(async (connection) => {
      idle = connection;
      await saying(ok)(connection);
    });
    await stand.ask();
    idle?.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    await until(() => stand.transport.connections.idle === 0);
    assert.equal((await stand.ask()).text, "ok");
    assert.equal(stand.upstream.connections.length, 2);
  });

  test("that the upstream closes while it is idle is let go of", async () => {
    await using stand = await open(async (connection) => {
      await connection.readRequest();
      connection.write(ok);
      connection.fin();
    });
    await stand.ask();
    await until(() => stand.transport.connections.idle === 0);
    assert.equal((await stand.ask()).attempt.reused, false);
  });

  test("that ends as the next request is on its way was stale", async () => {
    await using stand = await open(async (connection) => {
      await connection.readRequest();
      connection.write(ok);
      await connection.readRequest();
      connection.reset();
    });
    await stand.ask();
    assert.equal(await stand.failureOf(), "upstream_stale_connection");
  });

  test("is closed when it was idle for as long as is configured", async () => {
    await using stand = await open(saying(ok), 20);
    await stand.ask();
    assert.equal(await (await stand.upstream.connection(1)).ended, "fin");
    await until(() => stand.transport.connections.idle === 0);
  });

  test("under way outlives the transport's end, and is not kept", async () => {
    let answer: (() => void) | undefined;
    await using stand = await open(async (connection) => {
      await connection.readRequest();
      answer = () => connection.write(ok);
    });
    const asked = stand.ask();
    await until(() => answer !== undefined);
    stand.transport.close();
    answer?.();
    assert.equal((await asked).text, "ok");
    assert.deepEqual(stand.transport.connections, { busy: 0, idle: 0 });
  });
});

describe("an answer", bounded, () => {
  test("that ends with the connection is whole by FIN, and broken by a reset", async () => {
    for (const isReset of [false, true]) {
      await using stand = await open(async (connection) => {
        await connection.readRequest();
        await connection.writeAll(Buffer.from("HTTP/1.1 200 OK\r\n\r\nuntil the end"));
        if (isReset) connection.reset();
        else connection.fin();
      });
      if (isReset) assert.equal(await stand.failureOf(), "upstream_incomplete");
      else assert.equal((await stand.ask()).text, "until the end");
    }
  });

  const broken: ReadonlyArray<readonly [name: string, bytes: string, code: string]> = [
    ["before a byte of it", "", "upstream_reset"],
    ["within its head", "HTTP/1.1 200 OK\r\nContent-", "upstream_reset"],
    ["within its length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe", "upstream_incomplete"],
    ["within its chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "upstream_incomplete"],
  ];
  for (const [name, bytes, code] of broken) {
    test(`that the upstream's FIN ends ${name} is ${code}`, async () => {
      await using stand = await open(async (connection) => {
        await connection.readRequest();
        connection.write(bytes);
        connection.fin();
      });
      assert.equal(await stand.failureOf(), code);
      assert.deepEqual(stand.transport.connections, { busy: 0, idle: 0 });
    });
  }

  test("that is no HTTP/1.1 is a protocol error, and a head over 64 KiB is too large", async () => {
    const large = `HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}\r\n\r\n`;
    for (const [bytes, code] of [
      ["SSH-2.0\r\n\r\n", "upstream_protocol_error"],
      ["HTTP/1.1 600 X\r\n\r\n", "upstream_protocol_error"],
      ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "upstream_protocol_error"],
      ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "upstream_protocol_error"],
      [large, "upstream_headers_too_large"],
    ] as const) {
      await using stand = await open(saying(bytes));
      assert.equal(await stand.failureOf(), code, bytes.slice(0, 60));
      await stand.upstream.connection(1);
      assert.deepEqual(stand.transport.connections, { busy: 0, idle: 0 });
    }
  });

  test("may have interim ones before it", async () => {
    await using stand = await open(saying(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${ok}`));
    assert.equal((await stand.ask()).text, "ok");
    assert.deepEqual(stand.interim, [103]);
  });
});

describe("a request's body", bounded, () => {
  const buffered = (text: string, isChunked = false): RequestBody => ({
    kind: "buffered",
    bytes: Buffer.from(text),
    isChunked,
  });

  test("that is whole goes with its length, or in chunks where it came so, small or large", async () => {
    for (const text of ["", "small", "x".repeat(100_000)]) {
      for (const isChunked of [false, true]) {
        await using stand = await open(saying(ok));
        await stand.ask({ method: "PUT", body: buffered(text, isChunked) });
        const request = await stand.upstream.request(1);
        assert.equal(request.body.toString(), text);
        assert.equal(valueOf(request.fields, "content-length"), isChunked ? undefined : String(text.length));
        assert.equal(valueOf(request.fields, "transfer-encoding"), isChunked ? "chunked" : undefined);
        assert.equal((await stand.upstream.connection(1)).unreadBytes, 0);
      }
    }
  });

  for (const length of [11, null]) {
    test(`that streams with length ${length} begins with what was read before`, async () => {
      await using stand = await open(saying(ok));
      const request = new FakeRequest({ length });
      request.arrive("hello").read({ data() {}, end() {} });
      request.stop();
      const body: RequestBody = { kind: "stream", length, begun: Buffer.from("hello") };
      const { exchange, attempt, answered } = stand.send({ method: "POST", body, request });
      request.arrive(" world");
      if (length === null) request.arriveEnd();
      assert.equal((await answered).status, 200);
      assert.equal((await stand.upstream.request(1)).body.toString(), "hello world");
      assert.deepEqual([attempt.complete, exchange.body.kind], [true, "stream"]);
    });
  }

  test("that streams waits for an upstream that does not read, and the client meanwhile", async () => {
    let go: (() => void) | undefined;
    await using stand = await open(async (connection) => {
      const head = await connection.readHead();
      connection.stopReading();
      await new Promise<void>((resolve) => (go = resolve));
      let size = 0;
      await connection.readBody(head, (chunk) => void (size += chunk.length));
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(size).length}\r\n\r\n${size}`);
    });
    const request = new FakeRequest({ length: 64 * 1024 * 1024 });
    const body: RequestBody = { kind: "stream", length: request.length, begun: Buffer.alloc(0) };
    const { attempt, answered } = stand.send({ method: "POST", body, request });
    await until(() => go !== undefined);
    let sent = 0;
    for (; !request.isPaused && sent < 64; sent++) request.arrive(Buffer.alloc(1024 * 1024));
    assert.ok(sent < 64, "it never waited");
    assert.equal(attempt.awaitsClient, false);
    go?.();
    await until(() => !request.isPaused);
    for (; sent < 64; sent++) {
      await until(() => !request.isPaused);
      request.arrive(Buffer.alloc(1024 * 1024));
    }
    assert.equal(await bodyOf(await answered), String(64 * 1024 * 1024));
  });

  test("that outgrows its route is refused, and the upstream's connection given up", async () => {
    await using stand = await open(async (connection) => {
      await connection.readHead();
    });
    const request = new FakeRequest({ length: null });
    const body: RequestBody = { kind: "stream", length: null, begun: Buffer.alloc(0) };
    const { attempt, answered } = stand.send({ method: "POST", body, request, maxBodyBytes: 10 });
    await until(() => attempt.sent && request.isRead);
    request.arrive("0123456789");
    assert.equal(attempt.outcome, undefined);
    request.arrive("x");
    await assert.rejects(answered, { code: "body_too_large" });
    assert.deepEqual([request.isRead, stand.transport.connections], [false, { busy: 0, idle: 0 }]);
  });

  test("is sent after 100 (Continue) where the client waits for it, and not at all after a refusal", async () => {
    const expecting = () => {
      const request = new FakeRequest({ length: 4, owesContinue: true });
      return { request, body: { kind: "stream", length: 4, begun: Buffer.alloc(0) } as const };
    };
    await using willing = await open(async (connection) => {
      const head = await connection.readHead();
      assert.equal(valueOf(head.fields, "expect"), "100-continue");
      connection.write("HTTP/1.1 100 Continue\r\n\r\n");
      let text = "";
      await connection.readBody(head, (chunk) => void (text += chunk.toString()));
      connection.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${text}`);
    });
    const asked = expecting();
    const { answered } = willing.send({ method: "PUT", ...asked });
    await until(() => asked.request.continues === 1);
    asked.request.arrive("body");
    assert.equal(await bodyOf(await answered), "body");
    await using unwilling = await open(saying("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"));
    unwilling.upstream.become(async (connection) => {
      await connection.readHead();
      connection.write("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
    });
    const refused = expecting();
    assert.equal((await unwilling.ask({ method: "PUT", ...refused })).status, 417);
    assert.deepEqual([refused.request.continues, refused.request.isRead], [0, false]);
    assert.deepEqual(unwilling.transport.connections, { busy: 0, idle: 0 }, "the rest of the request was never sent");
  });

  test("that an upstream refuses early, closing with bytes unread, costs nothing of its answer, 15 times of 15", async () => {
    const text = "no more than a megabyte ".repeat(500);
    await using stand = await open(async (connection) => {
      await connection.readHead();
      connection.stopReading();
      connection.write(`HTTP/1.1 413 Too Large\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
      connection.destroy();
    });
    for (let n = 0; n < 15; n++) {
      const request = new FakeRequest({ length: 64 * 1024 * 1024 });
      const body: RequestBody = { kind: "stream", length: request.length, begun: Buffer.alloc(1024 * 1024) };
      const { attempt, answered } = stand.send({ method: "POST", body, request });
      while (!request.isPaused && attempt.firstByteMs === 0) {
        if (request.isRead) request.arrive(Buffer.alloc(1024 * 1024));
        await new Promise((resolve) => setImmediate(resolve));
      }
      const answer = await answered;
      assert.deepEqual([answer.status, await bodyOf(answer)], [413, text]);
    }
  });
});

test("a request that was cancelled before it was sent opens nothing", async () => {
  await using stand = await open(saying(ok));
  const exchange = exchangeUnderTest({ clock: systemClock });
  const left = new Error("left");
  exchange.cancel(left);
  const answered = stand.transport.send(exchange, newAttempt(), {
    method: "GET",
    target: "/",
    headers: ["host", "a"],
    maxBodyBytes: 0,
    timeouts: { connect: 5000, headers: 5000, idle: 5000 },
    interim() {},
    isFresh: false,
  });
  await assert.rejects(answered, left);
  exchange.close();
  assert.deepEqual(stand.transport.connections, { busy: 0, idle: 0 });
});
