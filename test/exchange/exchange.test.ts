import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";

function setUp() {
  const clock = new FakeClock();
  const exchange = exchangeUnderTest({ clock });
  const heard: Error[] = [];
  const waiter = { cancel: (reason: Error) => void heard.push(reason) };
  return { clock, exchange, heard, waiter };
}

describe("an exchange", () => {
  test("tells its waiter at once when it is cancelled, and the first reason stands", () => {
    const { exchange, heard, waiter } = setUp();
    const first = new Failure("client_closed");
    exchange.await(waiter);
    exchange.cancel(first);
    exchange.cancel(new Failure("body_too_large"));
    assert.deepEqual(heard, [first]);
    assert.equal(exchange.cancelled, first);
  });

  test("who begins to wait on a cancelled exchange hears of it within the call", () => {
    const { exchange, heard, waiter } = setUp();
    exchange.cancel(new Failure("client_closed"));
    exchange.await(waiter);
    assert.equal(heard.length, 1);
  });

  test("who has settled hears nothing any more", () => {
    const { clock, exchange, heard, waiter } = setUp();
    exchange.await(waiter);
    exchange.timer.wait("headers", clock.now() + 100);
    exchange.settle();
    clock.advance(1000);
    exchange.cancel(new Failure("client_closed"));
    assert.deepEqual(heard, []);
  });

  test("a wait's timer ends the wait and not the exchange", () => {
    const { clock, exchange, heard, waiter } = setUp();
    exchange.await(waiter);
    exchange.timer.wait("headers", clock.now() + 100);
    clock.advance(100);
    assert.ok(heard[0] instanceof TimerExpired);
    assert.equal(heard[0].timer, "headers");
    assert.equal(exchange.cancelled, undefined);
  });

  test("the deadline ends the exchange, also for whoever would wait next", () => {
    const { clock, exchange, heard, waiter } = setUp();
    exchange.timer.setDeadline(clock.now() + 100);
    exchange.timer.wait("body", Infinity);
    clock.advance(100);
    assert.equal(heard.length, 0);
    exchange.await(waiter);
    assert.ok(heard[0] instanceof TimerExpired);
    assert.equal(heard[0].timer, "deadline");
  });

  test("gives the bytes of its body up, and a body that was streamed stays one", () => {
    const { exchange } = setUp();
    let given = 0;
    exchange.reservation = { [Symbol.dispose]: () => void given++ };
    exchange.body = { kind: "stream", length: 5, begun: Buffer.from("begun") };
    exchange.releaseBody();
    assert.deepEqual([given, exchange.body], [1, { kind: "stream", length: 5, begun: Buffer.alloc(0) }]);
    exchange.body = { kind: "buffered", bytes: Buffer.from("{}"), isChunked: false };
    exchange.releaseBody();
    assert.deepEqual([given, exchange.body], [1, { kind: "none" }]);
  });

  test("at its end it sets nothing off and gives its memory back, once", () => {
    const { clock, exchange, heard, waiter } = setUp();
    let given = 0;
    exchange.reservation = { [Symbol.dispose]: () => void given++ };
    exchange.await(waiter);
    exchange.timer.setDeadline(clock.now() + 100);
    exchange.timer.wait("headers", clock.now() + 50);
    exchange.close();
    exchange.close();
    clock.advance(1000);
    exchange.cancel(new Failure("client_closed"));
    assert.equal(given, 1);
    assert.equal(clock.pending, 0);
    assert.deepEqual(heard, []);
  });
});
