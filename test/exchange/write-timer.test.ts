import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { WriteTimer } from "../../gateway/exchange/write-timer.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeResponse } from "../support/fake-response.ts";

/** A response whose client takes bytes when the test says so. */
class FakeReader {
  readonly clock = new FakeClock();
  readonly response = new FakeResponse();
  readonly log: unknown[] = [];
  failure: Failure | undefined;
  readonly wait: WriteTimer;

  constructor(minRate = 0) {
    this.response.isSlow = true;
    this.wait = new WriteTimer(this, { idleMs: 1000, minRate });
  }

  cancel(reason: Error): void {
    this.log.push(reason instanceof TimerExpired ? reason.timer : reason);
  }

  write(bytes: number): void {
    this.response.write(Buffer.alloc(bytes));
    this.wait.begin();
  }
}

test("breaks an answer off when nothing of it is taken for the whole time", () => {
  const reader = new FakeReader();
  reader.write(100);
  reader.clock.advance(999);
  assert.deepEqual(reader.log, []);
  reader.clock.advance(1);
  assert.deepEqual(reader.log, ["reader"]);
  assert.equal(reader.clock.pending, 0);
});

test("lets a client read as slowly as it likes", () => {
  const reader = new FakeReader();
  reader.write(100);
  for (let n = 0; n < 20; n += 1) {
    reader.clock.advance(900);
    reader.response.take(1);
  }
  assert.deepEqual(reader.log, []);
  reader.clock.advance(2000);
  assert.deepEqual(reader.log, ["reader"]);
});

test("begins anew where bytes were taken and others written before it looks", () => {
  const reader = new FakeReader();
  reader.write(100);
  reader.clock.advance(900);
  reader.response.take(50);
  reader.write(50);
  reader.clock.advance(999);
  assert.deepEqual(reader.log, []);
  reader.clock.advance(1);
  assert.deepEqual(reader.log, ["reader"]);
});

test("breaks an answer off whose client reads more slowly than is asked for, and no other", () => {
  for (const [bytes, isBroken] of [
    [90, true],
    [110, false],
  ] as const) {
    const reader = new FakeReader(100);
    reader.write(10_000);
    reader.clock.advance(500);
    reader.response.take(bytes);
    reader.clock.advance(500);
    assert.deepEqual(reader.log, isBroken ? ["reader"] : []);
  }
});

test("ends its timer by itself once everything is taken, and begins again", () => {
  const reader = new FakeReader();
  for (let n = 0; n < 3; n += 1) {
    reader.write(100);
    assert.equal(reader.clock.pending, 1, "one timer for many writes");
    reader.response.take();
  }
  reader.clock.advance(1000);
  assert.deepEqual([reader.clock.pending, reader.log], [0, []]);
  reader.write(1);
  reader.clock.advance(1000);
  assert.deepEqual(reader.log, ["reader"]);
});

test("blames nobody who has left", () => {
  const reader = new FakeReader();
  reader.write(100);
  reader.response.leave();
  reader.clock.advance(10_000);
  assert.deepEqual([reader.clock.pending, reader.log], [0, []]);
});

test("gives up an answer that tells of a failure without naming another one", () => {
  const reader = new FakeReader();
  reader.failure = new Failure("no_route");
  reader.write(100);
  reader.clock.advance(1000);
  assert.deepEqual([reader.response.isAborted, reader.log], [true, []]);
});

test("fires nothing once it is closed", () => {
  const reader = new FakeReader();
  reader.write(100);
  reader.wait.close();
  reader.clock.advance(10_000);
  assert.deepEqual([reader.clock.pending, reader.log], [0, []]);
});
