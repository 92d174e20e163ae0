import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { WaitLimits, WaitName } from "../../gateway/client/waits.ts";

import { ConnectionWaits, Waiting } from "../../gateway/client/waits.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** A connection that waits, and notes what it hears. */
class FakeConnection extends Waiting {
  readonly name: string;
  readonly log: string[];
  onOverdue: () => void = () => {};

  constructor(name: string, log: string[]) {
    super();
    this.name = name;
    this.log = log;
  }

  overdue(wait: WaitName): void {
    assert.equal(this.waitList, undefined, "it is in no list any more");
    this.log.push(`${this.name} ${wait}`);
    this.onOverdue();
  }

  closeIdle(): void {
    this.log.push(`${this.name} closed`);
  }
}

const limits: WaitLimits = { idle: 20_000, head: 10_000, linger: 5000, overfull: 30_000 };

/** Waits on a clock of the test's, and turns of the event loop that it takes one by one. */
class Stand {
  readonly clock = new FakeClock(0);
  readonly turns: Array<() => void> = [];
  readonly log: string[] = [];
  readonly waits: ConnectionWaits;

  constructor(own: WaitLimits = limits) {
    this.waits = new ConnectionWaits(this.clock, own, (turn) => void this.turns.push(turn));
  }

  connections(count: number): FakeConnection[] {
    return Array.from({ length: count }, (_, n) => new FakeConnection(String(n), this.log));
  }

  /** Takes one turn of the event loop; false where nothing was to do. */
  turn(): boolean {
    const next = this.turns.shift();
    next?.();
    return next !== undefined;
  }

  /** Moves time on in small steps, with a turn of the event loop after each. */
  pass(ms: number, stepMs = 10): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - passed));
      while (this.turn());
    }
  }
}

describe("a connection that waits", () => {
  for (const name of ["idle", "head", "linger", "overfull"] as const) {
    test(`is overdue after its whole time and within a sweep of it: ${name}`, () => {
      const stand = new Stand();
      const [one] = stand.connections(1) as [FakeConnection];
      stand.waits.begin(one, name);
      stand.pass(limits[name] - 1);
      assert.deepEqual(stand.log, []);
      stand.pass(501);
      assert.deepEqual(stand.log, [`0 ${name}`]);
      assert.equal(one.waitList, undefined);
    });
  }

  test("is overdue in the order in which the waits began", () => {
    const stand = new Stand();
    const [one, two, three] = stand.connections(3) as [FakeConnection, FakeConnection, FakeConnection];
    for (const each of [two, one, three]) {
      stand.waits.begin(each, "head");
      stand.pass(100);
    }
    stand.waits.begin(two, "head");
    stand.pass(20_000);
    assert.deepEqual(stand.log, ["0 head", "2 head", "1 head"]);
  });

  test("that ends in time hears nothing, wherever it stood in its list", () => {
    for (const leaves of [0, 1, 2]) {
      const stand = new Stand();
      const all = stand.connections(3);
      for (const one of all) stand.waits.begin(one, "head");
      stand.waits.end(all[leaves] as FakeConnection);
      stand.waits.end(all[leaves] as FakeConnection);
      stand.pass(20_000);
      assert.deepEqual(
        stand.log,
        [0, 1, 2].filter((n) => n !== leaves).map((n) => `${n} head`),
      );
    }
  });

  test("waits for one thing at a time: a new wait takes the place of the one before", () => {
    const stand = new Stand();
    const [one] = stand.connections(1) as [FakeConnection];
    stand.waits.begin(one, "head");
    stand.pass(9000);
    stand.waits.begin(one, "idle");
    stand.pass(19_999);
    assert.deepEqual(stand.log, []);
    stand.pass(1000);
    assert.deepEqual(stand.log, ["0 idle"]);
  });

  test("may begin to wait again as soon as it is overdue", () => {
    const stand = new Stand();
    const [one] = stand.connections(1) as [FakeConnection];
    one.onOverdue = () => stand.waits.begin(one, "linger");
    stand.waits.begin(one, "linger");
    stand.pass(22_000);
    assert.equal(stand.log.length, 4);
    assert.equal(stand.clock.pending, 1, "there is one timer, however often that was");
  });

  test("is judged by changed limits at once", () => {
    const stand = new Stand();
    const [one] = stand.connections(1) as [FakeConnection];
    stand.waits.begin(one, "idle");
    stand.pass(3000);
    stand.waits.reconfigure({ ...limits, idle: 2000 });
    stand.pass(1000);
    assert.deepEqual(stand.log, ["0 idle"]);
  });

  test("is looked at after what has arrived meanwhile: where the loop was held up, that is read first", () => {
    const stand = new Stand();
    const [one] = stand.connections(1) as [FakeConnection];
    stand.waits.begin(one, "head");
    stand.clock.block(60_000);
    stand.clock.advance(0);
    assert.deepEqual([stand.log, stand.turns.length], [[], 1]);
    stand.waits.end(one);
    while (stand.turn());
    assert.deepEqual(stand.log, []);
  });
});

describe("those that are overdue together", () => {
  test("are dealt with three in a turn, in their order", () => {
    const stand = new Stand();
    const all = stand.connections(8);
    for (const one of all) stand.waits.begin(one, "head");
    stand.clock.advance(11_000);
    const perTurn: number[] = [];
    for (let before = 0; stand.turn(); before = stand.log.length) perTurn.push(stand.log.length - before);
    assert.deepEqual(perTurn, [3, 3, 2]);
    assert.deepEqual(
      stand.log,
      all.map(({ name }) => `${name} head`),
    );
  });

  test("are dealt with by one sweep, though others begin meanwhile", () => {
    const stand = new Stand();
    for (const one of stand.connections(10)) stand.waits.begin(one, "linger");
    stand.clock.advance(5500);
    assert.equal(stand.turns.length, 1);
    stand.turn();
    stand.clock.advance(5000);
    assert.equal(stand.turns.length, 1, "no second one begins beside it");
    stand.pass(1000);
    assert.equal(stand.log.length, 10);
    assert.equal(new Set(stand.log).size, 10);
  });
});

describe("the timer", () => {
  test("is one for all, at a tenth of the shortest wait and at most a second apart", () => {
    const stand = new Stand();
    for (const [n, one] of stand.connections(100).entries()) {
      stand.waits.begin(one, (["idle", "head", "linger", "overfull"] as const)[n % 4] as WaitName);
    }
    assert.deepEqual([stand.clock.pending, stand.clock.nextDueAt], [1, 500]);
    const slow = new Stand({ idle: 60_000, head: 60_000, linger: 60_000, overfull: 60_000 });
    slow.waits.begin(slow.connections(1)[0] as FakeConnection, "idle");
    assert.equal(slow.clock.nextDueAt, 1000);
    const quick = new Stand({ ...limits, head: 1 });
    quick.waits.begin(quick.connections(1)[0] as FakeConnection, "idle");
    assert.equal(quick.clock.nextDueAt, 10);
  });

  test("runs only while somebody waits", () => {
    const stand = new Stand();
    const [one] = stand.connections(1) as [FakeConnection];
    assert.equal(stand.clock.pending, 0);
    stand.waits.begin(one, "head");
    stand.waits.end(one);
    stand.pass(1000);
    assert.equal(stand.clock.pending, 0);
    stand.waits.begin(one, "head");
    stand.pass(11_000);
    assert.deepEqual([stand.log, stand.clock.pending], [["0 head"], 0]);
  });
});

describe("closing what is idle", () => {
  test("for a newcomer takes the one that has been idle for longest, then the next", () => {
    const stand = new Stand();
    const [one, two, three] = stand.connections(3) as [FakeConnection, FakeConnection, FakeConnection];
    stand.waits.begin(three, "head");
    stand.waits.begin(two, "idle");
    stand.waits.begin(one, "idle");
    assert.equal(stand.waits.closeLongestIdle(), true);
    assert.equal(stand.waits.closeLongestIdle(), true);
    assert.deepEqual(stand.log, ["1 closed", "0 closed"]);
    assert.equal(stand.waits.closeLongestIdle(), false, "one that has begun to send is not idle");
  });

  test("takes one that lingers where none is idle", () => {
    const stand = new Stand();
    const [one, two] = stand.connections(2) as [FakeConnection, FakeConnection];
    stand.waits.begin(one, "linger");
    stand.waits.begin(two, "idle");
    assert.equal(stand.waits.closeLongestIdle(), true);
    assert.equal(stand.waits.closeLongestIdle(), true);
    assert.deepEqual(stand.log, ["1 closed", "0 closed"]);
  });

  test("when the listener closes tells all that are idle or have yet to send, and no other", () => {
    const stand = new Stand();
    const all = stand.connections(8);
    for (const [n, one] of all.entries()) {
      stand.waits.begin(one, (["idle", "head", "linger", "overfull"] as const)[n % 4] as WaitName);
      // As a connection whose socket is destroyed leaves its list at once.
      one.closeIdle = () => {
        stand.log.push(one.name);
        stand.waits.end(one);
      };
    }
    stand.waits.closeIdle();
    assert.deepEqual(stand.log.toSorted(), ["0", "1", "4", "5"]);
  });
});

test("whatever begins and ends: each is overdue once for its last wait, never early, and at most a sweep late", () => {
  const names = ["idle", "head", "linger", "overfull"] as const;
  const step = fc.record({
    who: fc.nat(7),
    does: fc.constantFrom("begin", "begin", "end", "pass"),
    wait: fc.constantFrom(...names),
    ms: fc.nat(4000),
  });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const stand = new Stand();
    const due = new Map<FakeConnection, { readonly wait: WaitName; readonly at: number }>();
    const all = stand.connections(8);
    for (const one of all) {
      one.onOverdue = () => {
        const expected = due.get(one);
        assert.ok(expected !== undefined, "it did not wait");
        assert.equal(stand.log.at(-1), `${one.name} ${expected.wait}`);
        assert.ok(stand.clock.now() >= expected.at, "early");
        due.delete(one);
      };
    }
    for (const { who, does, wait, ms } of steps) {
      const one = all[who] as FakeConnection;
      if (does === "pass") stand.pass(ms, 100);
      else if (does === "end") {
        stand.waits.end(one);
        due.delete(one);
      } else {
        stand.waits.begin(one, wait);
        due.set(one, { wait, at: stand.clock.now() + limits[wait] });
      }
      for (const { at } of due.values()) assert.ok(stand.clock.now() <= at + 600, "late");
      assert.ok(stand.clock.pending <= 1);
    }
    stand.pass(40_000, 100);
    assert.deepEqual([due.size, stand.clock.pending], [0, 0]);
  });
  fc.assert(property, { numRuns: 200 });
});
