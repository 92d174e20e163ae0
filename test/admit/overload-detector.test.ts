import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { OverloadDetector } from "../../gateway/admit/overload-detector.ts";

const times = { patience: 100, hold: 1000, maxHold: 3000 };
const late = 110;

/** A detector on turns that a test makes up, one after the other. */
class Loop {
  readonly detector = new OverloadDetector(times);
  now = 0;
  #workedMs = 0;
  #endedAt = -Infinity;

  /** Works for so long, after a pause. */
  turn(workedMs: number, pauseMs = 0): void {
    this.now += pauseMs;
    this.detector.beginTurn(this.now, { workedMs: this.#workedMs, pauseMs: this.now - this.#endedAt });
    if (workedMs >= times.patience) this.detector.late(this.now + times.patience);
    this.now += workedMs;
    this.#endedAt = this.now;
    this.#workedMs = workedMs;
  }

  turns(...workedMs: readonly number[]): boolean {
    for (const ms of workedMs) this.turn(ms);
    return this.detector.isOverloaded;
  }

  /** Short turns for so long. */
  work(ms: number): void {
    for (const end = this.now + ms; this.now < end;) this.turn(10);
  }
}

describe("an overload is told", () => {
  test("by the second of two late turns in a row", () => {
    assert.equal(new Loop().turns(10, 90, late), false);
    assert.equal(new Loop().turns(10, 90, late, late), true);
    assert.equal(new Loop().turns(late, 10, late), false);
  });

  test("by the first late turn after two that have grown by a fifth each", () => {
    assert.equal(new Loop().turns(10, 20, 40, late), true);
    assert.equal(new Loop().turns(70, 84, late), true);
    assert.equal(new Loop().turns(70, 80, late), false);
    assert.equal(new Loop().turns(40, 40, 80, late), false);
  });

  test("not by the growth of turns that are short", () => {
    assert.equal(new Loop().turns(1, 2, 4, 8, late), false);
    assert.equal(new Loop().turns(1, 2, 4, 8, 20, late), false);
    assert.equal(new Loop().turns(1, 2, 4, 12, 50, late), false);
    assert.equal(new Loop().turns(1, 2, 4, 13, 50, late), true);
  });

  test("not by late turns with a pause between them", () => {
    const loop = new Loop();
    loop.turn(late);
    loop.turn(late, times.patience);
    assert.equal(loop.detector.isOverloaded, false);
    loop.turn(late, times.patience - 1);
    assert.equal(loop.detector.isOverloaded, true);
  });

  test("not by one turn, however often it is said to be late", () => {
    const { detector } = new Loop();
    detector.beginTurn(0, { workedMs: 0, pauseMs: Infinity });
    for (let now = times.patience; now < 3 * times.patience; now += 1) detector.late(now);
    assert.equal(detector.isOverloaded, false);
  });
});

describe("an overload is held", () => {
  function overloaded(): Loop {
    const loop = new Loop();
    assert.ok(loop.turns(late, late));
    return loop;
  }

  test("for the hold, whatever its turns are like", () => {
    const loop = overloaded();
    loop.work(800);
    assert.equal(loop.detector.isOverloaded, true);
    loop.work(200);
    assert.equal(loop.turns(10), false);
  });

  test("for twice as long each time that a single late turn follows, up to the longest", () => {
    const loop = overloaded();
    for (const holdMs of [2000, 3000, 3000]) {
      loop.work(times.maxHold + 20);
      assert.equal(loop.detector.isOverloaded, false);
      assert.equal(loop.turns(late), true, "one late turn is enough");
      loop.work(holdMs - 200);
      assert.equal(loop.detector.isOverloaded, true);
      loop.work(200);
      assert.equal(loop.turns(10), false);
    }
  });

  test("as at first once there was none for five seconds", () => {
    const loop = overloaded();
    loop.work(1000 + 5100);
    assert.equal(loop.turns(late), false, "one late turn is not enough");
    assert.equal(loop.turns(late), true);
    loop.work(1000);
    assert.equal(loop.turns(10), false);
  });

  test("until hardly anything was refused for a time that began after it", () => {
    const loop = overloaded();
    const beganAt = loop.now - late + times.patience;
    loop.work(500);
    loop.detector.calm(beganAt - 1, loop.now);
    assert.equal(loop.detector.isOverloaded, true);
    loop.detector.calm(beganAt, loop.now);
    assert.equal(loop.detector.isOverloaded, false);
    assert.equal(loop.turns(late), true, "one late turn is enough");
  });

  test("until nothing was asked for a second", () => {
    for (const pauseMs of [999, 1000]) {
      const loop = new Loop();
      loop.detector.reconfigure({ ...times, hold: 2000 });
      assert.ok(loop.turns(late, late));
      loop.turn(10, pauseMs);
      assert.equal(loop.detector.isOverloaded, pauseMs < 1000);
    }
  });

  test("for the times of a new configuration", () => {
    const loop = new Loop();
    loop.detector.reconfigure({ patience: 50, hold: 500, maxHold: 500 });
    assert.ok(loop.turns(late, late));
    loop.work(500);
    assert.equal(loop.turns(10), false);
  });
});
