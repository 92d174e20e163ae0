import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BodySink } from "../../gateway/exchange.ts";
import type { CallConnection, CallController, Carried } from "../../gateway/upstream/carrier.ts";
import type { ParsedHeaders } from "../../gateway/upstream/headers.ts";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { Call } from "../../gateway/upstream/call.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { newAttempt } from "../support/new-attempt.ts";

class FakeConnection implements CallConnection {
  served = 0;
  bytesRead = 0;
  isBlocked = false;
  isClosedByUpstream = false;
  isReset = false;
  /** Of the interim responses still to come, which were a 100. */
  readonly continues: boolean[] = [];
  readonly statusLines = { minorVersion: 1, isContinue: () => this.continues.shift() === true };
  flushing: Carried | undefined;
  readonly log: string[] = [];

  begin(): void {
    this.log.push("begin");
  }
  onceFlushed(call: Carried): void {
    this.flushing = call;
  }
  retire(): void {
    this.log.push("retire");
  }
  release(): void {
    this.log.push("release");
  }
  abandon(): void {
    this.log.push("abandon");
  }
}

class FakeController implements CallController {
  readonly log: string[] = [];

  pause(): void {
    this.log.push("pause");
  }
  resume(): void {
    this.log.push("resume");
  }
  abort(): void {
    this.log.push("abort");
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

function setUp(prepare: (exchange: ReturnType<typeof exchangeUnderTest>) => void = () => {}) {
  const clock = new FakeClock(0);
  const exchange = exchangeUnderTest({ clock });
  const connection = new FakeConnection();
  const controller = new FakeController();
  const told: string[] = [];
  const attempt = newAttempt({
    admission: { headCame() {}, bodyEnded: () => told.push("ended"), bodyBroke: () => told.push("broke") },
  });
  prepare(exchange);
  const interim: number[] = [];
  const request = {
    timeouts: { connect: 100, headers: 500, idle: 1000 },
    interim: ({ status }: { readonly status: number }) => void interim.push(status),
  };
  const call = new Call({ exchange, attempt, connection, request });
  let rejection: unknown;
  call.answer.catch((reason: unknown) => (rejection = reason));
  const sink = new FakeSink();
  return {
    clock,
    exchange,
    connection,
    controller,
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
      call.onRequestStart(controller);
      call.onRequestSent();
    },
    answer: (parsed: ParsedHeaders = { "content-length": "6" }, status = 200): void => {
      // As the HTTP client does: what the handler throws ends the call.
      try {
        call.onResponseStart(controller, status, parsed);
      } catch (thrown) {
        call.onResponseError(controller, thrown as Error);
      }
    },
    data: (text: string): void => call.onResponseData(controller, Buffer.from(text)),
  };
}

describe("a call's facts", () => {
  test("follow it from the connection to the answer", async () => {
    const { clock, attempt, call, controller, send, answer, data, connection } = setUp();
    clock.advance(10);
    send();
    assert.deepEqual([attempt.phase, attempt.sent, attempt.complete, attempt.connectMs], ["headers", true, true, 10]);
    clock.advance(20);
    answer();
    assert.deepEqual([attempt.phase, attempt.firstByteMs], ["relay", 30]);
    data("answer");
    call.onResponseEnd();
    assert.equal(attempt.responseBytes, 6);
    assert.equal(await call.answer, call);
    assert.deepEqual(connection.log, ["begin", "release"]);
    assert.deepEqual(controller.log, []);
  });

  test("know a connection that had served, and what it read for us alone", async () => {
    const { attempt, call, connection, send, rejected } = setUp();
    Object.assign(connection, { served: 3, bytesRead: 5000 });
    send();
    Object.assign(connection, { bytesRead: 5007, isClosedByUpstream: true });
    call.onResponseError(undefined, new Error("gone"));
    assert.deepEqual(
      [attempt.reused, attempt.connectMs, attempt.responseBytes, attempt.closedByUpstream],
      [true, 0, 7, true],
    );
    assert.ok((await rejected()) instanceof Error);
  });

  test("tell an upstream that does not read from a client that does not write", () => {
    const { clock, attempt, call, controller, connection } = setUp();
    call.onRequestStart(controller);
    call.clientIsAwaited();
    assert.equal(attempt.awaitsClient, true);
    call.upstreamIsFull();
    assert.equal(attempt.awaitsClient, false);
    connection.isBlocked = true;
    call.onRequestSent();
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
    const timer = await expiries(({ clock, call, controller }) => {
      call.onRequestStart(controller);
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
    const { clock, call, sink, controller, send, answer, data } = setUp();
    send();
    answer();
    call.flow(sink);
    sink.takes = false;
    data("x");
    clock.advance(100_000);
    assert.equal(sink.failureCode(), undefined);
    assert.deepEqual(controller.log, ["pause"]);
    call.resume();
    call.resume();
    assert.deepEqual(controller.log, ["pause", "resume"]);
    clock.advance(1000);
    assert.equal(sink.failureCode(), "upstream_body_idle");
  });

  test("the whole budget ends with the answer's head", () => {
    const { clock, exchange, call, sink, send, answer, data } = setUp((it) => it.alarm.setDeadline(400));
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
    call.onResponseEnd();
    call.flow(sink);
    assert.deepEqual(sink.log, ["one", "end two"]);
    assert.deepEqual(told, ["ended"]);
  });

  test("without a body ends without one", () => {
    const { call, sink, send, answer } = setUp();
    send();
    answer({ "content-length": "0" }, 204);
    call.onResponseEnd();
    call.flow(sink);
    assert.deepEqual(sink.log, ["end"]);
  });

  test("stops at a client that is full already with what came together with the head", () => {
    const { call, sink, controller, send, answer, data } = setUp();
    send();
    answer();
    data("one");
    sink.takes = false;
    call.flow(sink);
    assert.deepEqual(controller.log, ["pause"]);
    sink.takes = true;
    call.resume();
    data("two");
    call.onResponseEnd();
    assert.deepEqual(sink.log, ["one", "two", "end"]);
  });

  test("in a transfer coding other than chunked, or with a status that is none, is a protocol error", async () => {
    const bad: ReadonlyArray<readonly [ParsedHeaders, number]> = [
      [{ "transfer-encoding": "gzip, chunked" }, 200],
      [{ "transfer-encoding": ["gzip", "chunked"] }, 200],
      [{}, 600],
      [{}, 999],
    ];
    for (const [parsed, status] of bad) {
      const { controller, send, answer, rejected } = setUp();
      send();
      answer(parsed, status);
      const reason = await rejected();
      assert.ok(reason instanceof Failure && reason.code === "upstream_protocol_error", String(status));
      assert.deepEqual(controller.log, ["abort"]);
    }
  });

  test("may have interim ones before it: they are passed on, buy no time, and a 100 is kept back", async () => {
    const { clock, connection, interim, send, answer, rejected } = setUp();
    send();
    clock.advance(400);
    answer({ link: "</style.css>" }, 103);
    connection.continues.push(true, false);
    answer({}, 102);
    answer({}, 102);
    assert.deepEqual(interim, [103, 102]);
    clock.advance(100);
    const reason = await rejected();
    assert.ok(reason instanceof TimerExpired && reason.timer === "headers");
  });

  test("with an upgrade that nobody asked for is a protocol error", async () => {
    const { send, answer, interim, rejected } = setUp();
    send();
    answer({}, 101);
    const reason = await rejected();
    assert.ok(reason instanceof Failure && reason.code === "upstream_protocol_error");
    assert.deepEqual(interim, []);
  });

  test("that ends with the connection is whole by FIN, and broken by a reset", () => {
    for (const isReset of [false, true]) {
      const { call, sink, connection, send, answer, data, told } = setUp();
      send();
      answer({});
      call.flow(sink);
      data("half");
      connection.isReset = isReset;
      call.onResponseEnd();
      assert.deepEqual(told, [isReset ? "broke" : "ended"]);
      assert.equal(sink.failureCode(), isReset ? "upstream_incomplete" : undefined);
    }
  });

  test("that broke off before anybody took it is told to who takes it", () => {
    const { call, sink, attempt, send, answer, told } = setUp();
    const lost = Object.assign(new Error("gone"), { code: "ECONNRESET" });
    send();
    answer();
    call.onResponseError(undefined, lost);
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

describe("giving a call up", () => {
  test("before it began drops the connection, and what begins after all is aborted", async () => {
    const { exchange, call, connection, controller, rejected } = setUp();
    const left = new Failure("client_closed");
    exchange.cancel(left);
    assert.deepEqual(connection.log, ["release", "abandon"]);
    call.onRequestStart(controller);
    assert.deepEqual(controller.log, ["abort"]);
    assert.equal(await rejected(), left);
  });

  test("of an exchange that was cancelled before happens at once", async () => {
    const left = new Failure("client_closed");
    const { connection, rejected } = setUp((exchange) => exchange.cancel(left));
    assert.deepEqual(connection.log, ["release", "abandon"]);
    assert.equal(await rejected(), left);
  });

  test("under way aborts it within the tick, and what still comes of it is nothing", async () => {
    const { exchange, call, connection, controller, sink, send, answer, data, told } = setUp();
    send();
    exchange.cancel(new Failure("client_closed"));
    assert.deepEqual(controller.log, ["abort"]);
    answer();
    data("late");
    call.onResponseEnd();
    call.onResponseError(undefined, new Error("aborted"));
    call.onRequestSent();
    call.upstreamIsFull();
    call.clientIsAwaited();
    call.flushed();
    call.resume();
    call.flow(sink);
    assert.deepEqual(sink.log, []);
    assert.deepEqual(told, []);
    assert.deepEqual(connection.log, ["begin", "release"]);
    assert.deepEqual(controller.log, ["abort"]);
  });
});
