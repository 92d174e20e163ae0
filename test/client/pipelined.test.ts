import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Pipelining } from "../../gateway/client/pipelined.ts";

import { PipelinedRequests } from "../../gateway/client/pipelined.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** Pipelined requests on a clock of the test's, and turns of the event loop that it takes one by one. */
class Stand {
  readonly clock = new FakeClock(0);
  readonly turns: Array<() => void> = [];
  readonly pipelined = new PipelinedRequests(this.clock, (turn) => void this.turns.push(turn));
  readonly begun: string[] = [];

  /** A connection that has `count` requests, each of which takes so long to begin. */
  connection(name: string, count: number, costMs: number): Pipelining {
    let left = count;
    const connection = {
      proceed: (): void => {
        this.begun.push(name);
        this.clock.advance(costMs);
        if (--left > 0) this.pipelined.add(connection);
      },
    };
    return connection;
  }

  /** What begins in the next turn. */
  turn(): string {
    this.begun.length = 0;
    this.turns.shift()?.();
    return this.begun.join("");
  }
}

describe("pipelined requests", () => {
  test("begin in a turn of their own, one of each connection after the other", () => {
    const stand = new Stand();
    for (const name of ["a", "b", "c"]) stand.pipelined.add(stand.connection(name, 2, 0.1));
    assert.deepEqual(stand.begun, []);
    assert.equal(stand.turn(), "abcabc");
    assert.equal(stand.turns.length, 0);
  });

  test("share two milliseconds of a turn", () => {
    const stand = new Stand();
    for (const name of ["a", "b", "c"]) stand.pipelined.add(stand.connection(name, 3, 0.5));
    assert.deepEqual([stand.turn(), stand.turn(), stand.turn(), stand.turn()], ["abca", "bcab", "c", ""]);
  });

  test("begin at least one a turn, however long it takes", () => {
    const stand = new Stand();
    stand.pipelined.add(stand.connection("a", 2, 50));
    assert.deepEqual([stand.turn(), stand.turn(), stand.turn()], ["a", "a", ""]);
  });

  test("begin one for each four connections that the turn has accepted", () => {
    const stand = new Stand();
    for (const name of ["a", "b", "c", "d", "e"]) stand.pipelined.add(stand.connection(name, 1, 0));
    stand.pipelined.accepted();
    assert.equal(stand.turn(), "a");
    for (let n = 0; n < 8; n++) stand.pipelined.accepted();
    assert.deepEqual([stand.turn(), stand.turn(), stand.turn()], ["bc", "de", ""]);
  });

  test("are no more than the connections that stand, however fast others come and go", () => {
    const stand = new Stand();
    stand.pipelined.add(stand.connection("a", 100, 0));
    for (let n = 0; n < 50; n++) {
      const leaves = stand.connection("b", 1, 0);
      stand.pipelined.accepted();
      stand.pipelined.add(leaves);
      stand.pipelined.remove(leaves);
      assert.equal(stand.turn(), "a");
      assert.equal(stand.pipelined.size, 1);
    }
  });

  test("go on in order whatever their number", () => {
    const stand = new Stand();
    const names = Array.from({ length: 5000 }, (_, n) => `${n} `);
    for (const name of names) stand.pipelined.add(stand.connection(name, 1, 0.0625));
    let begun = "";
    while (stand.turns.length > 0) begun += stand.turn();
    assert.equal(begun, names.join(""));
  });

  test("may hold so much together, and no byte more", () => {
    const { pipelined } = new Stand();
    const most = 64 * 1024 * 1024;
    assert.equal(pipelined.hold(most - 1), true);
    assert.equal(pipelined.hold(2), false);
    assert.equal(pipelined.hold(1), true);
    pipelined.letGo(most);
    assert.equal(pipelined.heldBytes, 0);
  });
});
