import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { TimerName } from "../../gateway/failures/failure.ts";

import { ExchangeTimer } from "../../gateway/exchange/exchange-timer.ts";
import { FakeClock } from "../support/fake-clock.ts";

function setUp() {
  const clock = new FakeClock(0);
  const fired: Array<readonly [TimerName, number]> = [];
  const timer = new ExchangeTimer(clock, { expire: (name) => fired.push([name, clock.now()]) });
  return { clock, fired, timer };
}

describe("an exchange's timer", () => {
  test("expires the wait when it is due, and only once", () => {
    const { clock, fired, timer } = setUp();
    timer.wait("connect", 100);
    clock.advance(99);
    assert.deepEqual(fired, []);
    clock.advance(1000);
    assert.deepEqual(fired, [["connect", 100]]);
  });

  test("expires the deadline where it comes before the wait's end, and still the wait's end after it", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(50);
    timer.wait("headers", 100);
    clock.advance(200);
    assert.deepEqual(fired, [
      ["deadline", 50],
      ["headers", 100],
    ]);
  });

  test("names the wait where it and the deadline are due together, and the deadline right after", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(100);
    timer.wait("headers", 100);
    clock.advance(150);
    assert.deepEqual(fired, [
      ["headers", 100],
      ["deadline", 101],
    ]);
  });

  test("a wait replaces the one before it", () => {
    const { clock, fired, timer } = setUp();
    timer.wait("connect", 100);
    clock.advance(60);
    timer.wait("headers", 500);
    clock.advance(1000);
    assert.deepEqual(fired, [["headers", 500]]);
  });

  test("a shorter wait is not held up by a timer set for a longer one", () => {
    const { clock, fired, timer } = setUp();
    timer.wait("idle", 1000);
    timer.wait("write", 100);
    clock.advance(100);
    assert.deepEqual(fired, [["write", 100]]);
  });

  test("waits that move on in time never reset the underlying timer: one for the whole request", () => {
    const { clock, fired, timer } = setUp();
    let set = 0;
    const setTimer = clock.setTimeout.bind(clock);
    clock.setTimeout = (fire, delayMs, argument) => {
      set++;
      return setTimer(fire, delayMs, argument);
    };
    timer.setDeadline(15_000);
    timer.wait("connect", 1000);
    for (let now = 0; now < 900; now += 10) {
      clock.advance(10);
      timer.wait("idle", clock.now() + 5000);
    }
    assert.equal(set, 1);
    assert.equal(clock.pending, 1);
    timer.close();
    assert.deepEqual(fired, []);
  });

  test("an ended wait does not expire, and the deadline behind it does", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(300);
    timer.wait("queue", 100);
    timer.endWait();
    clock.advance(500);
    assert.deepEqual(fired, [["deadline", 300]]);
  });

  test("a wait without end is bounded by the deadline alone", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(300);
    timer.wait("body", Infinity);
    clock.advance(500);
    assert.deepEqual(fired, [["deadline", 300]]);
  });

  test("a deadline that is lifted no longer expires", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(300);
    timer.wait("headers", 400);
    assert.equal(timer.deadlineAt, 300);
    timer.setDeadline(Infinity);
    timer.wait("idle", 900);
    clock.advance(2000);
    assert.deepEqual(fired, [["idle", 900]]);
  });

  test("a timer that fires early, as node's may, is set again", () => {
    const { clock, fired, timer } = setUp();
    timer.wait("headers", 100);
    timer.ring();
    assert.deepEqual(fired, []);
    clock.advance(100);
    assert.deepEqual(fired, [["headers", 100]]);
  });

  test("a wait whose end has passed already expires at the next tick, not within the call", () => {
    const { clock, fired, timer } = setUp();
    clock.block(500);
    timer.wait("queue", 100);
    assert.deepEqual(fired, []);
    clock.advance(1);
    assert.deepEqual(fired, [["queue", 501]]);
  });

  test("after a blocked event loop everything that is due expires, the wait first", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(200);
    timer.wait("headers", 100);
    clock.block(1000);
    clock.advance(10);
    assert.deepEqual(
      fired.map(([name]) => name),
      ["headers", "deadline"],
    );
  });

  test("closed, it leaves no timer and never expires", () => {
    const { clock, fired, timer } = setUp();
    timer.setDeadline(200);
    timer.wait("headers", 100);
    timer.close();
    assert.equal(clock.pending, 0);
    clock.advance(1000);
    assert.deepEqual(fired, []);
  });
});
