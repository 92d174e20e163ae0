import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { LoopTurn } from "../../gateway/admit/loop-turn.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** An event loop that a test turns by hand. */
class Loop {
  readonly clock = new FakeClock(0);
  readonly turn: LoopTurn;
  #turns = 0;
  #idleMs = 0;
  #cpuMs = 0;
  readonly #atEnd: Array<() => void> = [];

  constructor() {
    const gauge = { turns: () => this.#turns, idleMs: () => this.#idleMs, cpuMs: () => this.#cpuMs };
    this.turn = new LoopTurn(this.clock, gauge, (callback) => this.#atEnd.push(callback));
  }

  idle(ms: number): void {
    this.#idleMs += ms;
    this.clock.block(ms);
  }

  work(ms: number): void {
    this.#cpuMs += ms;
    this.clock.block(ms);
  }

  /** The process has work and no CPU. */
  lose(ms: number): void {
    this.clock.block(ms);
  }

  /** Reads so many requests, each of so many milliseconds; answers how long the turn had worked at the last of them. */
  read(requests: number, eachMs: number): number {
    let workedMs = 0;
    for (let count = 0; count < requests; count += 1) {
      workedMs = this.turn.enter(this.clock.now());
      this.work(eachMs);
    }
    return workedMs;
  }

  end(): void {
    for (const callback of this.#atEnd.splice(0)) callback();
    this.#turns += 1;
  }
}

describe("the present turn", () => {
  test("has worked since its first request, or since the end of the turn before, waits not counted", () => {
    const loop = new Loop();
    loop.work(5);
    assert.equal(loop.read(1, 2), 0);
    loop.end();
    loop.idle(7);
    loop.work(3);
    assert.equal(loop.read(1, 2), 3);
    loop.end();
    loop.work(1);
    loop.end();
    loop.work(4);
    assert.equal(loop.read(1, 2), 0, "a turn without requests is between");
  });

  test("knows the one before it that read requests, and the pause since", () => {
    const loop = new Loop();
    loop.read(1, 6);
    assert.deepEqual(loop.turn.previous, { workedMs: 0, pauseMs: Infinity });
    loop.end();
    loop.idle(4);
    loop.read(1, 1);
    assert.deepEqual(loop.turn.previous, { workedMs: 6, pauseMs: 4 });
  });

  test("is busy from the ninth request on", () => {
    const loop = new Loop();
    loop.read(8, 1);
    assert.equal(loop.turn.isBusy, false);
    loop.read(1, 1);
    assert.equal(loop.turn.isBusy, true);
    assert.equal(loop.turn.requests, 9);
  });

  test("tells the longest since it was asked last", () => {
    const loop = new Loop();
    for (const ms of [3, 8, 2]) {
      loop.read(1, ms);
      loop.end();
    }
    assert.equal(loop.turn.takeLongest(), 8);
    assert.equal(loop.turn.takeLongest(), 0);
  });
});

describe("a turn's own CPU time", () => {
  test("is that since it is busy, without what others had", () => {
    const loop = new Loop();
    loop.read(8, 1);
    assert.equal(loop.turn.ownMs(), 0);
    loop.read(1, 1);
    loop.lose(50);
    loop.read(2, 1);
    assert.equal(loop.turn.ownMs(), 3);
  });

  test("is that since its beginning where the turn before was busy", () => {
    const loop = new Loop();
    loop.read(9, 1);
    loop.end();
    loop.lose(50);
    loop.work(4);
    loop.idle(5);
    assert.equal(loop.read(1, 1), 54);
    assert.equal(loop.turn.ownMs(), 5);
  });

  test("is not known of the beginning where it was not", () => {
    const loop = new Loop();
    loop.read(8, 1);
    loop.end();
    loop.lose(50);
    loop.read(8, 1);
    assert.equal(loop.turn.ownMs(), 0);
  });
});
