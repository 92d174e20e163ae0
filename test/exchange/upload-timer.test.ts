import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { BodyPace } from "../../gateway/exchange/upload-timer.ts";

import { ExchangeTimer } from "../../gateway/exchange/exchange-timer.ts";
import { UploadTimer } from "../../gateway/exchange/upload-timer.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** A grace of a second, and a tenth of a byte per millisecond. */
const pace: BodyPace = { graceMs: 1000, msPerByte: 10 };

function setUp(wanted: BodyPace | undefined = pace) {
  const clock = new FakeClock(0);
  const expired: number[] = [];
  const timer = new ExchangeTimer(clock, { expire: () => expired.push(clock.now()) });
  return { clock, expired, timer, wait: new UploadTimer(clock, timer, wanted) };
}

describe("the wait for a body", () => {
  test("ends after the grace where nothing comes", () => {
    const { clock, expired, wait } = setUp();
    wait.begin();
    clock.advance(999);
    assert.deepEqual(expired, []);
    clock.advance(5000);
    assert.deepEqual(expired, [1000]);
  });

  test("goes on for as long as the bytes come at the minimum rate", () => {
    const { clock, expired, wait } = setUp();
    wait.begin();
    for (let n = 0; n < 1000; n += 1) {
      clock.advance(100);
      wait.received(10);
    }
    assert.deepEqual(expired, []);
  });

  test("ends where the bytes keep coming below it, once the grace is used up", () => {
    const { clock, expired, wait } = setUp();
    wait.begin();
    for (let n = 0; n < 30 && expired.length === 0; n += 1) {
      clock.advance(100);
      wait.received(5);
    }
    // Each 100 ms cost 100 and buy 50.
    assert.deepEqual(expired, [1900]);
  });

  test("does not let a fast start pay for a long silence", () => {
    const { clock, expired, wait } = setUp();
    wait.begin();
    wait.received(1_000_000);
    clock.advance(10_000);
    assert.deepEqual(expired, [1000]);
  });

  test("begins anew after the upstream had been full, and takes that time for nobody's", () => {
    const { clock, expired, timer, wait } = setUp();
    wait.begin();
    clock.advance(900);
    timer.wait("write", 60_000);
    clock.advance(20_000);
    wait.received(1);
    wait.begin();
    clock.advance(999);
    assert.deepEqual(expired, []);
    clock.advance(1);
    assert.deepEqual(expired, [21_900]);
  });

  test("moves no other wait than its own", () => {
    const { clock, expired, timer, wait } = setUp();
    wait.begin();
    timer.wait("headers", 500);
    wait.received(1_000_000);
    clock.advance(500);
    assert.deepEqual(expired, [500]);
    timer.close();
  });

  test("goes on where it stood when another wait came between", () => {
    const { clock, expired, timer, wait } = setUp();
    wait.begin();
    clock.advance(300);
    timer.wait("idle", 5000);
    wait.goOn();
    clock.advance(5000);
    assert.deepEqual(expired, [1000]);
  });

  test("is bounded by the deadline alone where there is no pace", () => {
    const clock = new FakeClock(0);
    const expired: string[] = [];
    const timer = new ExchangeTimer(clock, { expire: (name) => expired.push(name) });
    const wait = new UploadTimer(clock, timer, undefined);
    timer.setDeadline(60_000);
    wait.begin();
    wait.received(1);
    clock.advance(120_000);
    assert.deepEqual(expired, ["deadline"]);
  });

  test("sets one timer, however many chunks come", () => {
    const { clock, timer, wait } = setUp();
    wait.begin();
    for (let n = 0; n < 100; n += 1) {
      clock.advance(5);
      wait.received(1000);
      assert.equal(clock.pending, 1);
    }
    timer.close();
    assert.equal(clock.pending, 0);
  });

  test("ends a client exactly when its bytes and its grace no longer cover the time", () => {
    const step = fc.record({ ms: fc.nat(1500), bytes: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, expired, timer, wait } = setUp();
        wait.begin();
        let credit = pace.graceMs;
        for (const { ms, bytes } of steps) {
          clock.advance(ms);
          credit -= ms;
          assert.equal(expired.length, credit <= 0 ? 1 : 0);
          if (credit <= 0) break;
          wait.received(bytes);
          credit = Math.min(pace.graceMs, credit + bytes * pace.msPerByte);
        }
        timer.close();
      }),
    );
  });
});
