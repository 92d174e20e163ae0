import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { readBeginning, readBody } from "../../gateway/validate/body-reader.ts";
import { ByteBudget } from "../../gateway/validate/byte-budget.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeRequest } from "../support/fake-request.ts";

interface Parts {
  readonly length?: number | null;
  readonly owesContinue?: boolean;
  readonly maxBytes?: number;
  readonly totalBytes?: number;
}

function setUp({ length = null, owesContinue = false, maxBytes = 1000, totalBytes = 5000 }: Parts = {}) {
  const clock = new FakeClock();
  const request = new FakeRequest({ length, owesContinue });
  const bodyPace = { graceMs: 10_000, msPerByte: 2 };
  const exchange = exchangeUnderTest({ clock, request, bodyPace });
  const budget = new ByteBudget(totalBytes);
  return { clock, request, exchange, budget, options: { maxBytes, length, budget } };
}

/** Reads the beginning: up to 100 bytes, for up to a second. */
function begin(parts: Parts, prepare: (request: FakeRequest) => void = () => {}) {
  const stand = setUp(parts);
  prepare(stand.request);
  const read = readBeginning(stand.exchange, { ...stand.options, enoughBytes: 100, enoughMs: 1000 });
  const pending = Promise.resolve(read);
  const state: { settled: unknown } = { settled: undefined };
  pending.then(
    (value) => (state.settled = value),
    (error: unknown) => (state.settled = error),
  );
  return { ...stand, read, pending, state };
}

describe("the beginning of a body", () => {
  test("is all of it where all has arrived: at once, without a promise", () => {
    const { read, exchange, budget } = begin({ length: 300 }, (request) => request.arrive(Buffer.alloc(300, "a")));
    assert.deepEqual(read, { bytes: Buffer.alloc(300, "a"), isComplete: true });
    assert.deepEqual([exchange.bytesIn, budget.reservedBytes], [300, 300]);
  });

  test("is all of it where it ends before there is enough", async () => {
    const { request, pending } = begin({});
    request.arrive("abc").arrive("def").arriveEnd();
    assert.deepEqual(await pending, { bytes: Buffer.from("abcdef"), isComplete: true });
  });

  test("ends with enough bytes; what comes in one piece with them is taken too", async () => {
    const { clock, request, pending, exchange } = begin({ length: 500 });
    request.arrive(Buffer.alloc(99, "a")).arrive(Buffer.alloc(51, "b")).arrive("left");
    const { bytes, isComplete } = await pending;
    assert.deepEqual([bytes.length, isComplete, exchange.bytesIn], [150, false, 150]);
    assert.deepEqual([request.isRead, request.heldBytes], [false, 4]);
    exchange.close();
    assert.equal(clock.pending, 0);
  });

  test("ends after its time with whatever has come, be it nothing", async () => {
    for (const text of ["", "abc"]) {
      const { clock, request, pending, state, exchange } = begin({ length: 500 });
      if (text !== "") request.arrive(text);
      clock.advance(999);
      await Promise.resolve();
      assert.equal(state.settled, undefined);
      clock.advance(1);
      assert.deepEqual(await pending, { bytes: Buffer.from(text), isComplete: false });
      assert.equal(request.isRead, false);
      exchange.close();
      assert.equal(clock.pending, 0);
    }
  });

  test("is handed on to who reads the rest, with no byte lost between", async () => {
    const { clock, request, pending } = begin({ length: 8 });
    request.arrive("abc");
    clock.advance(1000);
    const { bytes } = await pending;
    request.arrive("de");
    const rest: Buffer[] = [];
    let isEnded = false;
    request.read({ data: (chunk) => void rest.push(chunk), end: () => void (isEnded = true) });
    request.arrive("fgh");
    assert.equal(Buffer.concat([bytes, ...rest]).toString(), "abcdefgh");
    assert.equal(isEnded, true);
  });

  test("is charged to the budget, and need not make room for others once it is read", async () => {
    const { clock, request, pending, budget, exchange } = begin({ length: 500, totalBytes: 150 });
    request.arrive(Buffer.alloc(100));
    await pending;
    assert.equal(budget.reservedBytes, 100);
    clock.advance(60_000);
    const other = budget.reserve({ clock, inbound: { clientAddress: "198.51.100.1" }, cancel() {} }, "arriving");
    assert.throws(() => other.ensure(60), { code: "overloaded" });
    assert.equal(exchange.cancelled, undefined);
    exchange.releaseBody();
    assert.equal(budget.reservedBytes, 0);
  });
});

describe("a whole body", () => {
  test("is asked for with 100 (Continue) when reading begins, and not where it has come", () => {
    const waiting = setUp({ length: 3, owesContinue: true });
    assert.ok(readBody(waiting.exchange, waiting.options) instanceof Promise);
    assert.equal(waiting.request.continues, 1);
    assert.equal(waiting.exchange.phase, "body");
    const here = setUp({ length: 3 });
    here.request.arrive("abc");
    assert.deepEqual(readBody(here.exchange, here.options), Buffer.from("abc"));
    assert.equal(here.request.continues, 0);
  });

  test("has no time of its own: the client's pace bounds it, by the timer body", async () => {
    const { clock, request, exchange, options } = setUp({ length: 1000 });
    const read = Promise.resolve(readBody(exchange, options));
    const ended = assert.rejects(read, (error) => error instanceof TimerExpired && error.timer === "body");
    for (let n = 0; n < 30; n++) {
      clock.advance(990);
      request.arrive(Buffer.alloc(1));
      if (n < 9) assert.equal(request.isRead, true, `after ${n} s`);
    }
    await ended;
    assert.equal(request.isRead, false);
  });

  test("is refused as overloaded in the midst, where it has to make room, and its bytes are free", async () => {
    const { clock, request, budget, exchange, options } = setUp({ length: 500, totalBytes: 150 });
    const read = Promise.resolve(readBody(exchange, options));
    request.arrive(Buffer.alloc(100));
    clock.advance(1000);
    for (const clientAddress of ["198.51.100.1", "198.51.100.2"]) {
      budget.reserve({ clock, inbound: { clientAddress }, cancel() {} }, "arriving").ensure(30);
    }
    await assert.rejects(read, { code: "overloaded" });
    assert.equal(exchange.cancelled instanceof Failure && exchange.cancelled.code, "overloaded");
    assert.deepEqual([request.isRead, budget.reservedBytes], [false, 60]);
  });
});

test("however a body is cut: it comes whole, its bytes are reserved as they come, and all are given back", async () => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 120 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pieces, fc.boolean(), async (chunks, isChunked) => {
      const whole = Buffer.concat(chunks);
      const { request, exchange, budget, options } = setUp({ length: isChunked ? null : whole.length, maxBytes: 2000 });
      const read = Promise.resolve(readBody(exchange, options));
      let came = 0;
      for (const chunk of chunks) {
        request.arrive(Buffer.from(chunk));
        came += chunk.length;
        assert.ok(budget.reservedBytes >= came && budget.reservedBytes <= 2 * came, "no claim is taken for bytes");
      }
      if (isChunked) request.arriveEnd();
      assert.deepEqual(await read, whole);
      assert.equal(exchange.bytesIn, whole.length);
      exchange.close();
      assert.equal(budget.reservedBytes, 0);
    }),
    { numRuns: 300 },
  );
});
