import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BodySink, Exchange } from "../../gateway/exchange/exchange.ts";
import type { CallConnection, Carried } from "../../gateway/upstream/carrier.ts";
import type { FieldPair } from "../support/exchange-under-test.ts";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { Call } from "../../gateway/upstream/call.ts";
import { exchangeUnderTest, receivedFields } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeRequest } from "../support/fake-request.ts";
import { newAttempt } from "../support/new-attempt.ts";

class FakeConnection implements CallConnection {
  served = 0;
  bytesRead = 0;
  isBlocked = false;
  isClosedByUpstream = false;
  flushing: Carried | undefined;
  readonly log: string[] = [];

  onceFlushed(call: Carried): void {
    this.flushing = call;
  }
  pause(): void {
    this.log.push("pause");
  }
  resume(): void {
    this.log.push("resume");
  }
  requestSent(): void {
    this.log.push("sent");
  }
  sendBody(): void {
    this.log.push("body");
  }
  release(): void {
    this.log.push("release");
  }
  abandon(): void {
    this.log.push("abandon");
  }
}

/** A client that takes what comes, until it is told to stop. */
class FakeSink implements BodySink {
  readonly log: string[] = [];
  takes = true;
  failure: unknown;

  write(chunk: Buffer): boolean {
    this.log.push(chunk.toString());
    return this.takes;
  }
  end(lastChunk: Buffer | undefined): void {
    this.log.push(`end ${lastChunk?.toString() ?? ""}`.trim());
  }
  fail(cause: unknown): void {
    this.failure = cause;
  }

  /** The code of the failure that ended it. */
  failureCode(): string | undefined {
    return this.failure instanceof Failure ? this.failure.code : undefined;
  }
}

function setUp(prepare: (exchange: Exchange) => void = () => {}) {
  const clock = new FakeClock(0);
  const request = new FakeRequest({ length: 10, owesContinue: true });
  const exchange = exchangeUnderTest({ clock, request });
  const connection = new FakeConnection();
  const told: string[] = [];
  const attempt = newAttempt({
    admission: { headCame() {}, bodyEnded: () => told.push("ended"), bodyBroke: () => told.push("broke") },
  });
  prepare(exchange);
  const interim: number[] = [];
  const options = {
    timeouts: { connect: 100, headers: 500, idle: 1000 },
    interim: ({ status }: { readonly status: number }) => void interim.push(status),
  };
  const call = new Call({ exchange, attempt, connection, request: options });
  let rejection: unknown;
  call.answer.catch((reason: unknown) => (rejection = reason));
  call.begin();
  const sink = new FakeSink();
  return {
    clock,
    exchange,
    request,
    connection,
    attempt,
    call,
    sink,
    told,
    interim,
    rejected: async (): Promise<unknown> => {
      await new Promise((resolve) => setImmediate(resolve));
      return rejection;
    },
    /** The request goes out whole. */
    send: (): void => {
      call.started();
      call.requestSent();
    },
    answer: (fields: readonly FieldPair[] = [["content-length", "6"]], status = 200): void => {
      const head = { status, minorVersion: 1, fields: receivedFields(...fields) } as const;
      if (status < 200) call.interim(head);
      else call.head(head);
    },
    data: (text: string): void => call.data(Buffer.from(text)),
  };
}

describe("a call's facts", () => {
  test("follow it from the connection to the answer", async () => {
    const { clock, attempt, call, send, answer, data, connection } = setUp();
    clock.advance(10);
    send();
    assert.deepEqual([attempt.phase, attempt.sent, attempt.complete, attempt.connectMs], ["headers", true, true, 10]);
    clock.advance(20);
    answer();
    assert.deepEqual([attempt.phase, attempt.firstByteMs], ["relay", 30]);
    data("answer");
    call.end();
    assert.equal(attempt.responseBytes, 6);
    assert.equal(await call.answer, call);
    assert.deepEqual(connection.log, ["sent", "release"]);
  });

  test("know a connection that had served, and what it read for us alone", async () => {
    const { attempt, call, connection, send, rejected } = setUp();
    Object.assign(connection, { served: 3, bytesRead: 5000 });
    send();
    Object.assign(connection, { bytesRead: 5007, isClosedByUpstream: true });
    call.fail(new Error("gone"));
    assert.deepEqual(
      [attempt.reused, attempt.connectMs, attempt.responseBytes, attempt.closedByUpstream],
      [true, 0, 7, true],
    );
    assert.ok((await rejected()) instanceof Error);
  });

  test("tell an upstream that does not read from a client that does not write", () => {
    const { clock, attempt, call, connection } = setUp();
    call.started();
    call.clientIsAwaited();
    assert.equal(attempt.awaitsClient, true);
    call.upstreamIsFull();
    assert.equal(attempt.awaitsClient, false);
    connection.isBlocked = true;
    call.requestSent();
    assert.equal(attempt.complete, false);
    connection.flushing?.flushed();
    assert.deepEqual([attempt.complete, attempt.phase], [true, "headers"]);
    clock.advance(1);
  });
});

describe("a call's timers", () => {
  const expiries = async (advance: (it: ReturnType<typeof setUp>) => void): Promise<unknown> => {
    const it = setUp();
    advance(it);
    const reason = await it.rejected();
    return reason instanceof TimerExpired ? reason.timer : reason;
  };

  test("connect, until the request goes out", async () => {
    assert.equal(await expiries(({ clock }) => clock.advance(100)), "connect");
  });

  test("headers, from the last request byte on", async () => {
    const timer = await expiries(({ clock, send }) => {
      clock.advance(99);
      send();
      clock.advance(499);
      clock.advance(1);
    });
    assert.equal(timer, "headers");
  });

  test("write, while the upstream takes nothing of the request", async () => {
    const timer = await expiries(({ clock, call }) => {
      call.started();
      call.upstreamIsFull();
      clock.advance(1000);
    });
    assert.equal(timer, "write");
  });

  test("idle, between the pieces of the answer, begun anew by each", () => {
    const { clock, call, sink, send, answer, data } = setUp();
    send();
    answer();
    call.flow(sink);
    for (let i = 0; i < 3; i++) {
      clock.advance(999);
      data("x");
    }
    assert.equal(sink.failureCode(), undefined);
    clock.advance(1000);
    assert.equal(sink.failureCode(), "upstream_body_idle");
  });

  test("none while the client does not read", () => {
    const { clock, call, connection, sink, send, answer, data } = setUp();
    send();
    answer();
    call.flow(sink);
    sink.takes = false;
    data("x");
    clock.advance(100_000);
    assert.equal(sink.failureCode(), undefined);
    assert.deepEqual(connection.log, ["sent", "pause"]);
    call.resume();
    call.resume();
    assert.deepEqual(connection.log, ["sent", "pause", "resume"]);
    clock.advance(1000);
    assert.equal(sink.failureCode(), "upstream_body_idle");
  });

  test("the whole budget ends with the answer's head", () => {
    const { clock, exchange, call, sink, send, answer, data } = setUp((it) => it.timer.setDeadline(400));
    send();
    answer();
    call.flow(sink);
    clock.advance(900);
    data("x");
    clock.advance(900);
    assert.equal(exchange.cancelled, undefined);
    assert.equal(sink.failureCode(), undefined);
  });
});

describe("an answer", () => {
  test("whose body came together with its head is handed over whole", () => {
    const { call, sink, send, answer, data, told } = setUp();
    send();
    answer();
    data("one");
    data("two");
    call.end();
    call.flow(sink);
    assert.deepEqual(sink.log, ["one", "end two"]);
    assert.deepEqual(told, ["ended"]);
  });

  test("without a body ends without one", () => {
    const { call, sink, send, answer } = setUp();
    send();
    answer([["content-length", "0"]], 204);
    call.end();
    call.flow(sink);
    assert.deepEqual(sink.log, ["end"]);
  });

  test("stops at a client that is full already with what came together with the head", () => {
    const { call, connection, sink, send, answer, data } = setUp();
    send();
    answer();
    data("one");
    sink.takes = false;
    call.flow(sink);
    assert.deepEqual(connection.log, ["sent", "pause"]);
    sink.takes = true;
    call.resume();
    data("two");
    call.end();
    assert.deepEqual(sink.log, ["one", "two", "end"]);
  });

  test("may have interim ones before it: they are passed on, buy no time, and a 100 is kept back", async () => {
    const { clock, interim, send, answer, rejected } = setUp();
    send();
    clock.advance(400);
    answer([["link", "</style.css>"]], 103);
    answer([], 100);
    answer([], 102);
    assert.deepEqual(interim, [103, 102]);
    clock.advance(100);
    const reason = await rejected();
    assert.ok(reason instanceof TimerExpired && reason.timer === "headers");
  });

  test("with an upgrade that nobody asked for is a protocol error", async () => {
    const { send, answer, interim, rejected } = setUp();
    send();
    answer([], 101);
    const reason = await rejected();
    assert.ok(reason instanceof Failure && reason.code === "upstream_protocol_error");
    assert.deepEqual(interim, []);
  });

  test("that broke off before anybody took it is told to who takes it", () => {
    const { call, sink, attempt, send, answer, told } = setUp();
    const lost = Object.assign(new Error("gone"), { code: "ECONNRESET" });
    send();
    answer();
    call.fail(lost);
    call.flow(sink);
    assert.equal(sink.failure, lost);
    assert.equal(attempt.outcome, "upstream_incomplete");
    assert.deepEqual(told, ["broke"]);
  });

  test("that the client gave up is no fault of the target's", () => {
    const { exchange, call, sink, send, answer, told } = setUp();
    const left = new Failure("client_closed");
    send();
    answer();
    call.flow(sink);
    exchange.cancel(left);
    assert.equal(sink.failure, left);
    assert.deepEqual(told, []);
  });
});

describe("a request whose client asked to wait for 100 (Continue)", () => {
  function expecting() {
    const it = setUp();
    it.call.started();
    it.call.awaitContinue();
    return it;
  }

  test("is sent with its body once the upstream says so, and the client is told", () => {
    const { clock, call, request, connection, interim, answer } = expecting();
    clock.advance(999);
    assert.deepEqual([connection.log, request.continues], [[], 0]);
    answer([], 100);
    assert.deepEqual([connection.log, request.continues, interim], [["body"], 1, []]);
    answer([], 100);
    assert.deepEqual(connection.log, ["body"], "a second 100 asks for nothing");
    call.requestSent();
    assert.deepEqual(connection.log, ["body", "sent"]);
  });

  test("is sent with its body after a second of silence", async () => {
    const { clock, request, connection, rejected } = expecting();
    clock.advance(1000);
    assert.deepEqual([connection.log, request.continues], [["body"], 1]);
    assert.equal(await rejected(), undefined);
  });

  test("keeps its body where the upstream answers at once", async () => {
    const { clock, call, request, connection, sink, answer } = expecting();
    answer([["content-length", "0"]], 417);
    call.flow(sink);
    clock.advance(999);
    call.end();
    assert.equal((await call.answer).status, 417);
    assert.deepEqual([connection.log, request.continues, sink.log], [["release"], 0, ["end"]]);
  });
});

describe("a request that the upstream reads no more", () => {
  test("is still answered by what the upstream had said before", async () => {
    const { clock, call, attempt, connection, answer } = setUp();
    call.started();
    call.clientIsAwaited();
    call.requestBroken();
    assert.equal(attempt.awaitsClient, false);
    clock.advance(499);
    answer([["content-length", "0"]], 413);
    call.end();
    assert.equal((await call.answer).status, 413);
    assert.deepEqual(connection.log, ["release"]);
  });

  test("is awaited no longer than an answer's head is", async () => {
    const { clock, call, rejected } = setUp();
    call.started();
    call.clientIsAwaited();
    call.requestBroken();
    clock.advance(500);
    const reason = await rejected();
    assert.ok(reason instanceof TimerExpired && reason.timer === "headers");
  });
});

describe("giving a call up", () => {
  test("before it began drops the connection", async () => {
    const { exchange, call, connection, rejected } = setUp();
    const left = new Failure("client_closed");
    exchange.cancel(left);
    assert.deepEqual(connection.log, ["abandon"]);
    assert.equal(call.state === "over", true);
    assert.equal(await rejected(), left);
  });

  test("of an exchange that was cancelled before happens at once", async () => {
    const left = new Failure("client_closed");
    const { call, connection, rejected } = setUp((exchange) => exchange.cancel(left));
    assert.deepEqual(connection.log, ["abandon"]);
    assert.equal(call.state === "over", true);
    assert.equal(await rejected(), left);
  });

  test("under way drops its connection within the tick, and what still comes of it is nothing", () => {
    const { clock, exchange, call, connection, sink, send, answer, data, told } = setUp();
    send();
    const left = new Failure("client_closed");
    exchange.cancel(left);
    assert.deepEqual(connection.log, ["sent", "abandon"]);
    answer();
    data("late");
    call.end();
    call.fail(new Error("aborted"));
    call.requestBroken();
    call.awaitContinue();
    call.upstreamIsFull();
    call.clientIsAwaited();
    call.flushed();
    call.resume();
    call.flow(sink);
    assert.deepEqual([sink.log, sink.failure], [[], left]);
    assert.deepEqual(told, []);
    assert.deepEqual(connection.log, ["sent", "abandon"]);
    exchange.close();
    assert.equal(clock.pending, 0);
  });
});
