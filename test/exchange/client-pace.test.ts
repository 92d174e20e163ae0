import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { ClientPace } from "../../gateway/exchange/client-pace.ts";
import { FakeClock } from "../support/fake-clock.ts";

const windowMs = 500;

function setUp(minRate = 4096) {
  const clock = new FakeClock();
  const connection = { takenBytes: 1_000_000 };
  const pace = new ClientPace(clock, minRate, connection);
  const rate = (): number => pace.rate(clock.now());
  const isTooSlow = (): boolean => pace.isTooSlow(clock.now());
  /** Bytes come at an even pace. */
  const flow = (bytesPerSecond: number, ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock.advance(10);
      pace.progress(bytesPerSecond / 100);
    }
  };
  return { clock, connection, pace, rate, isTooSlow, flow };
}

describe("a client's pace", () => {
  test("is not known before half a second in which it was awaited", () => {
    const { clock, pace, rate, isTooSlow } = setUp();
    assert.equal(rate(), Infinity);
    clock.advance(10_000);
    pace.begin();
    clock.advance(windowMs - 1);
    assert.deepEqual([rate(), isTooSlow()], [Infinity, false]);
    clock.advance(1);
    assert.deepEqual([rate(), isTooSlow()], [0, true]);
  });

  test("counts what it takes of one large write, little by little", () => {
    const { clock, connection, pace, rate, isTooSlow } = setUp();
    connection.takenBytes += 5000;
    pace.begin();
    for (let passed = 0; passed < 3000; passed += 100) {
      clock.advance(100);
      connection.takenBytes += 1000;
      if (passed >= 1000) assert.deepEqual([rate() >= 8000, isTooSlow()], [true, false]);
      rate();
    }
    clock.advance(1000);
    assert.deepEqual([rate(), isTooSlow()], [0, true]);
  });

  test("counts what it took over a longer time by the share of the last half second", () => {
    const { clock, connection, pace, rate } = setUp();
    pace.begin();
    clock.advance(60_000);
    connection.takenBytes += 60_000;
    assert.ok(Math.abs(rate() - 1000) < 10, `${rate()}`);
  });

  test("does not count what it takes while nobody waits for that", () => {
    const { clock, connection, pace, rate } = setUp();
    pace.begin();
    pace.rest();
    clock.advance(100);
    connection.takenBytes += 1_000_000;
    pace.begin();
    clock.advance(windowMs);
    assert.equal(rate(), 0);
  });

  test("is what it gives a second, however long it goes on", () => {
    for (const ms of [500, 730, 1000, 4990, 60_000]) {
      const { pace, rate, flow } = setUp();
      pace.begin();
      flow(5000, ms);
      assert.ok(Math.abs(rate() - 5000) <= 100, `${rate()} after ${ms} ms`);
    }
  });

  test("tells who is just too slow from who is not", () => {
    for (const [bytesPerSecond, isSlow] of [
      [4000, true],
      [4200, false],
    ] as const) {
      const { pace, isTooSlow, flow } = setUp();
      pace.begin();
      flow(bytesPerSecond, 5000);
      assert.equal(isTooSlow(), isSlow);
    }
  });

  test("falls within half a second of silence, and to nothing within a whole one", () => {
    const { clock, pace, rate, flow } = setUp();
    pace.begin();
    flow(100_000, 2000);
    clock.advance(250);
    assert.ok(rate() > 40_000 && rate() < 60_000, String(rate()));
    clock.advance(750);
    assert.equal(rate(), 0);
  });

  test("rises at once with a burst, which does not pay for long", () => {
    const { clock, pace, rate, isTooSlow } = setUp();
    pace.begin();
    clock.advance(5000);
    pace.progress(1_000_000);
    assert.equal(rate(), 2_000_000);
    clock.advance(1000);
    assert.equal(isTooSlow(), true);
  });

  test("does not count the time in which somebody else was awaited", () => {
    const { clock, pace, rate } = setUp();
    for (let n = 0; n < 10; n++) {
      pace.begin();
      clock.advance(499);
      assert.equal(rate(), Infinity);
      pace.rest();
      clock.advance(1000);
      assert.equal(rate(), Infinity);
    }
  });

  test("goes on where the client is awaited already", () => {
    const { clock, pace, rate } = setUp();
    pace.begin();
    clock.advance(400);
    pace.begin();
    clock.advance(100);
    assert.equal(rate(), 0);
  });

  test("is never too slow where no rate is asked for", () => {
    const { clock, pace, isTooSlow } = setUp(0);
    pace.begin();
    clock.advance(10_000);
    assert.equal(isTooSlow(), false);
  });
});

type Step = { readonly ms: number; readonly bytes: number };

test("is bounded by what a list of all that came says", () => {
  const step: fc.Arbitrary<Step> = fc.record({
    ms: fc.oneof(fc.nat(60), fc.nat(60), fc.nat(1500)),
    bytes: fc.oneof(fc.constant(0), fc.nat(5000)),
  });
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
    const { clock, pace, rate } = setUp();
    const begunAt = clock.now();
    const came: Array<{ readonly at: number; readonly bytes: number }> = [];
    const cameWithin = (ms: number): number =>
      came.filter(({ at }) => at > clock.now() - ms).reduce((sum, { bytes }) => sum + bytes, 0);
    pace.begin();
    for (const { ms, bytes } of steps) {
      clock.advance(ms);
      if (bytes > 0) {
        pace.progress(bytes);
        came.push({ at: clock.now(), bytes });
      }
      if (clock.now() - begunAt < windowMs) {
        assert.equal(rate(), Infinity);
        continue;
      }
      const told = (rate() * windowMs) / 1000;
      assert.ok(told <= cameWithin(2 * windowMs) + 1e-6, `${told} of ${cameWithin(2 * windowMs)} bytes`);
      if (cameWithin(windowMs) > 0) assert.ok(told > 0);
      if (bytes > 0) assert.ok(told >= bytes, "what has just come counts whole");
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test("is, window by window, what a list of all that came says", () => {
  const piece = fc.record({ at: fc.nat(windowMs - 1), bytes: fc.nat(10_000) });
  const windows = fc.array(fc.array(piece, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 8 });
  const property = fc.property(windows, fc.integer({ min: 0, max: windowMs - 1 }), (all, into) => {
    const { clock, pace, rate } = setUp();
    pace.begin();
    const begunAt = clock.now();
    for (const [n, pieces] of all.entries()) {
      for (const { at, bytes } of pieces.toSorted((one, other) => one.at - other.at)) {
        clock.advance(begunAt + n * windowMs + at - clock.now());
        pace.progress(bytes);
      }
    }
    const end = begunAt + all.length * windowMs;
    clock.advance(end + into - clock.now());
    const last = (all.at(-1) ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
    // Of the window that is over the share counts that half a second back from now still covers.
    assert.ok(Math.abs(rate() - ((1 - into / windowMs) * last * 1000) / windowMs) < 1e-6);
  });
  fc.assert(property, { numRuns: 300 });
});
