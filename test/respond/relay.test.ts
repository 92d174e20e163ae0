import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BodySink, Exchange } from "../../gateway/exchange/exchange.ts";
import type { ResponseRules } from "../../gateway/respond/relay.ts";
import type { RequestParts } from "../support/raw-client.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { ProxyStatus } from "../../gateway/respond/proxy-status.ts";
import { relay } from "../../gateway/respond/relay.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeResponse } from "../support/fake-response.ts";
import { connectClient, exchange as ask, requestBytes } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { openServer } from "./answering-server.ts";
import { FakeAnswer } from "./fake-upstream-response.ts";

const bounded = { timeout: 10_000 };
const options = { proxyStatus: new ProxyStatus("edge-1"), pseudonym: "edge-1", rules: undefined };

function relaying(answer: FakeAnswer, rules?: ResponseRules, prepare: (exchange: Exchange) => void = () => {}) {
  return openServer((exchange) => {
    prepare(exchange);
    return relay(answer, exchange, { ...options, rules });
  });
}

async function relayed(answer: FakeAnswer, parts: RequestParts = {}, rules?: ResponseRules) {
  await using server = await relaying(answer, rules);
  const response = await ask(server.port, parts);
  assert.deepEqual(await Promise.all(server.ends), [undefined]);
  return response;
}

const ends =
  (text?: string) =>
  (sink: BodySink): void =>
    sink.end(text === undefined ? undefined : Buffer.from(text, "latin1"));

describe("an upstream's answer", bounded, () => {
  test("goes out with its status, our reason phrase and its fields in their order, repeated ones apart", async () => {
    const headers = ["x-a", "1", "set-cookie", "a=1", "x-b", "2", "set-cookie", "b=2", "content-length", "4"];
    const response = await relayed(new FakeAnswer({ status: 418, headers }, ends("body")));
    assert.deepEqual([response.status, response.reason], [418, "I'm a Teapot"]);
    assert.deepEqual(valuesOf(response.fields, "set-cookie"), ["a=1", "b=2"]);
    const names = response.fields.map(([name]) => name.toLowerCase());
    assert.deepEqual(names.slice(0, 5), ["x-a", "set-cookie", "x-b", "set-cookie", "content-length"]);
    assert.equal(response.body.toString(), "body");
  });

  test("gets our fields: Via, the request's id, Proxy-Status behind those before us", async () => {
    const headers = ["via", "1.1 lb"];
    const { fields } = await relayed(new FakeAnswer({ headers, proxyStatus: "lb, edge-1;error=x" }, ends()));
    assert.deepEqual(valuesOf(fields, "via"), ["1.1 lb", "1.1 edge-1"]);
    assert.equal(valueOf(fields, "x-request-id"), "request-1");
    assert.equal(valueOf(fields, "proxy-status"), "lb, edge-1;received-status=200");
  });

  test("obeys the route's rules: removed is removed, set replaces", async () => {
    const rules = { set: [["x-frame-options", "DENY"] as const], remove: new Set(["server", "x-frame-options"]) };
    const headers = ["server", "inner/1.0", "x-frame-options", "ALLOWALL", "x-keep", "1"];
    const { fields } = await relayed(new FakeAnswer({ headers }, ends()), {}, rules);
    assert.equal(valueOf(fields, "server"), undefined);
    assert.deepEqual(valuesOf(fields, "x-frame-options"), ["DENY"]);
    assert.equal(valueOf(fields, "x-keep"), "1");
  });

  test("with 204 has no length; to HEAD and with 304 it keeps the one it had", async () => {
    const headers = ["content-length", "5"];
    const empty = await relayed(new FakeAnswer({ status: 204, headers: ["content-length", "0"] }, ends()));
    assert.equal(valueOf(empty.fields, "content-length"), undefined);
    const head = await relayed(new FakeAnswer({ headers }, ends()), { method: "HEAD" });
    assert.equal(valueOf(head.fields, "content-length"), "5");
    const unchanged = await relayed(new FakeAnswer({ status: 304, headers }, ends()));
    assert.equal(valueOf(unchanged.fields, "content-length"), "5");
  });

  test("keeps every byte of its body, in one piece or in many", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const large = Buffer.alloc(100_000, bytes);
    const whole = await relayed(new FakeAnswer({}, (sink) => sink.end(bytes)));
    assert.deepEqual(whole.body, bytes);
    const pieces = await relayed(
      new FakeAnswer({ headers: ["content-length", "200256"] }, (sink) => {
        sink.write(large);
        sink.write(bytes);
        sink.end(large);
      }),
    );
    assert.ok(pieces.body.equals(Buffer.concat([large, bytes, large])));
  });

  test("goes out head first, though its body has not begun", async () => {
    let sink: BodySink | undefined;
    await using server = await relaying(new FakeAnswer({}, (it) => (sink = it)));
    using client = await connectClient(server.port);
    client.send(requestBytes());
    const head = await client.head();
    assert.equal(head.status, 200);
    sink?.end(Buffer.from("late"));
    assert.deepEqual(await Promise.all(server.ends), [undefined]);
  });

  test("is the connection's last where the exchange is", async () => {
    await using server = await relaying(new FakeAnswer({}, ends("x")), undefined, (exchange) => {
      exchange.isLast = true;
    });
    assert.equal(valueOf((await ask(server.port)).fields, "connection"), "close");
  });

  test("is told as the upstream's, with its bytes counted", async () => {
    let seen: Exchange | undefined;
    await using server = await relaying(
      new FakeAnswer({ status: 503 }, (sink) => {
        sink.write(Buffer.from("four"));
        sink.end(Buffer.from("!"));
      }),
      undefined,
      (exchange) => (seen = exchange),
    );
    await ask(server.port);
    await Promise.all(server.ends);
    assert.deepEqual(seen?.outcome, { status: 503, code: "", source: "upstream" });
    assert.equal(seen?.bytesOut, 5);
    assert.equal(seen?.phase, "relay");
  });
});

describe("a slow client", bounded, () => {
  test("stops the upstream and lets it go on once for each time it was stopped", async (t) => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    t.after(() => process.off("warning", listen));
    const chunk = Buffer.alloc(65_536, "x");
    let refusals = 0;
    let sink: BodySink | undefined;
    const answer = new FakeAnswer({}, (it) => {
      sink = it;
      // What came together with the head is handed over all at once, whatever is answered.
      for (let i = 0; i < 100; i++) if (!it.write(chunk)) refusals++;
    });
    answer.onResume = () => sink?.end(undefined);
    await using server = await relaying(answer);
    const { body } = await ask(server.port);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(body.length, 100 * chunk.length);
    assert.ok(refusals > 11);
    assert.equal(answer.resumed, 1);
    assert.deepEqual(warnings, []);
  });
});

describe("the permit", () => {
  function relayedSlowly() {
    let sink: BodySink | undefined;
    const answer = new FakeAnswer({}, (it) => (sink = it));
    const response = new FakeResponse();
    response.isSlow = true;
    const exchange = exchangeUnderTest({ response, contendedRate: 4096 });
    const permit = {
      released: 0,
      watched: 0,
      watch: () => permit.watched++,
      [Symbol.dispose]: () => permit.released++,
    };
    exchange.permit = permit;
    const done = relay(answer, exchange, options);
    assert.ok(sink !== undefined && done !== undefined);
    return { answer, response, exchange, permit, sink, done };
  }

  test("goes back when the upstream has said all, however slowly the client reads", async () => {
    const { response, exchange, permit, sink, done } = relayedSlowly();
    sink.write(Buffer.from("first"));
    assert.equal(permit.released, 0);
    sink.end(Buffer.from("last"));
    assert.deepEqual([permit.released, exchange.permit], [1, undefined]);
    response.take();
    assert.equal(await done, undefined);
    assert.equal(permit.released, 1);
  });

  test("is watched while bytes wait for the client, whose pace then counts, and no longer", () => {
    const { answer, response, exchange, permit, sink } = relayedSlowly();
    const { clock } = exchange;
    assert.ok(clock instanceof FakeClock);
    assert.equal(sink.write(Buffer.alloc(100)), false);
    assert.equal(permit.watched, 1);
    clock.advance(500);
    assert.equal(exchange.pace.isTooSlow(clock.now()), true);
    response.take();
    assert.equal(answer.resumed, 1);
    clock.advance(5000);
    assert.equal(exchange.pace.rate(clock.now()), Infinity);
  });
});

describe("an answer that ends badly", bounded, () => {
  test("rejects with what broke it off", async () => {
    const failure = new Failure("upstream_incomplete");
    await using server = await relaying(new FakeAnswer({}, (sink) => sink.fail(failure)));
    using client = await connectClient(server.port);
    client.send(requestBytes());
    await until(() => server.ends.length === 1);
    assert.deepEqual(await Promise.all(server.ends), [failure]);
  });

  test("rejects when the exchange is cancelled while its last bytes are on their way out", async () => {
    let seen: Exchange | undefined;
    const large = Buffer.alloc(32 * 1024 * 1024);
    await using server = await relaying(new FakeAnswer({}, (sink) => sink.end(large)), undefined, (exchange) => {
      seen = exchange;
    });
    using client = await connectClient(server.port);
    client.stopReading();
    client.send(requestBytes());
    await until(() => server.ends.length === 1);
    const left = new Failure("client_closed");
    seen?.cancel(left);
    assert.deepEqual(await Promise.all(server.ends), [left]);
  });

  test("rejects as client_timeout whatever runs out once the upstream has said all", async () => {
    const response = new FakeResponse();
    response.isSlow = true;
    const exchange = exchangeUnderTest({ response, readPace: { idleMs: 1000, minRate: 0 } });
    const done = relay(new FakeAnswer({}, ends("x")), exchange, options);
    assert.ok(exchange.clock instanceof FakeClock);
    exchange.clock.advance(1000);
    await assert.rejects(async () => done, { code: "client_timeout" });
  });

  test("with a field that no client should see is upstream_protocol_error before a byte went out", async () => {
    let seen: Exchange | undefined;
    const headers = ["x-bad", "a\u0000b"];
    await using server = await openServer((exchange) => {
      seen = exchange;
      return relay(new FakeAnswer({ headers }, ends("x")), exchange, options);
    });
    assert.equal(await server.send(requestBytes().toString()), "");
    const [thrown] = await Promise.all(server.ends);
    assert.ok(thrown instanceof Failure);
    assert.equal(thrown.code, "upstream_protocol_error");
    assert.equal(seen?.response.isBegun, false);
    assert.equal(seen?.outcome, undefined);
  });
});
