import assert from "node:assert/strict";
import { test } from "node:test";

import type { ServerResponse } from "node:http";

import { Failure, TimerExpired } from "../gateway/failures/failure.ts";
import { ReaderWait } from "../gateway/reader-wait.ts";
import { FakeClock } from "./support/fake-clock.ts";

/** A response whose connection takes bytes when the test says so. */
class FakeReader {
  readonly clock = new FakeClock();
  readonly socket = { bytesWritten: 0, writableLength: 0 };
  readonly log: unknown[] = [];
  failure: Failure | undefined;
  hasSocket = true;
  readonly res: ServerResponse;
  readonly wait: ReaderWait;

  constructor() {
    const { socket, log } = this;
    const hasSocket = (): boolean => this.hasSocket;
    this.res = {
      destroyed: false,
      get socket() {
        return hasSocket() ? socket : null;
      },
      get writableLength() {
        return socket.writableLength;
      },
      destroy: () => log.push("destroyed"),
    } as unknown as ServerResponse;
    this.wait = new ReaderWait(this, 1000);
  }

  cancel(reason: Error): void {
    this.log.push(reason instanceof TimerExpired ? reason.timer : reason);
  }

  write(bytes: number): void {
    this.socket.bytesWritten += bytes;
    this.socket.writableLength += bytes;
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
    reader.socket.writableLength -= 1;
  }
  assert.deepEqual(reader.log, []);
  reader.clock.advance(2000);
  assert.deepEqual(reader.log, ["reader"]);
});

test("ends its timer by itself once everything is taken, and begins again", () => {
  const reader = new FakeReader();
  for (let n = 0; n < 3; n += 1) {
    reader.write(100);
    assert.equal(reader.clock.pending, 1, "one timer for many writes");
    reader.socket.writableLength = 0;
  }
  reader.clock.advance(1000);
  assert.deepEqual([reader.clock.pending, reader.log], [0, []]);
  reader.write(1);
  reader.clock.advance(1000);
  assert.deepEqual(reader.log, ["reader"]);
});

test("does not blame a client for an answer that stands behind another one", () => {
  const reader = new FakeReader();
  reader.hasSocket = false;
  reader.write(100);
  reader.clock.advance(10_000);
  assert.deepEqual(reader.log, []);
  reader.hasSocket = true;
  reader.clock.advance(2000);
  assert.deepEqual(reader.log, ["reader"]);
});

test("gives up an answer that tells of a failure without naming another one", () => {
  const reader = new FakeReader();
  reader.failure = new Failure("no_route");
  reader.write(100);
  reader.clock.advance(1000);
  assert.deepEqual(reader.log, ["destroyed"]);
});

test("fires nothing once it is closed", () => {
  const reader = new FakeReader();
  reader.write(100);
  reader.wait.close();
  reader.clock.advance(10_000);
  assert.deepEqual([reader.clock.pending, reader.log], [0, []]);
});
