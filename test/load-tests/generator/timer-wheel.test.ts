import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Timed } from "../../../load-tests/generator/timer-wheel.ts";

import { TimerWheel } from "../../../load-tests/generator/timer-wheel.ts";
import { freshSeed } from "../../support/seeded.ts";

interface Entry extends Timed<Entry> {
  readonly name: number;
}

function entry(name = 0): Entry {
  return { name, dueAtMs: 0, slot: -1, before: undefined, after: undefined };
}

test("every entry fires once, not before it is due and with the first advance a millisecond later", () => {
  const seed = freshSeed();
  const act = fc.oneof(
    fc.record({ after: fc.double({ min: 0, max: 20_000, noNaN: true }) }),
    fc.record({ cancel: fc.nat(60) }),
    fc.record({ advance: fc.double({ min: 0, max: 6000, noNaN: true }) }),
  );
  const property = fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
    const pending = new Map<number, Entry>();
    const wheel = new TimerWheel<Entry>((fired, nowMs) => {
      assert.equal(pending.get(fired.name), fired);
      assert.ok(fired.dueAtMs <= nowMs);
      pending.delete(fired.name);
    });
    const entries: Entry[] = [];
    let nowMs = 0;
    for (const one of acts) {
      if ("after" in one) {
        const added = entry(entries.length);
        entries.push(added);
        wheel.schedule(added, nowMs + one.after);
        pending.set(added.name, added);
      } else if ("cancel" in one) {
        const found = entries[one.cancel];
        if (found !== undefined) wheel.cancel(found);
        pending.delete(one.cancel);
      } else {
        nowMs += one.advance;
        wheel.advance(nowMs);
        for (const { dueAtMs } of pending.values()) assert.ok(dueAtMs > nowMs - 1);
      }
    }
    wheel.advance(nowMs + 30_000);
    assert.equal(pending.size, 0);
  });
  fc.assert(property, { seed, numRuns: 300 });
});

test("what a firing entry schedules for this very moment fires, and later than it", () => {
  const fired: number[] = [];
  const again = entry(2);
  const wheel = new TimerWheel<Entry>((one, nowMs) => {
    fired.push(one.name);
    if (one.name === 1) wheel.schedule(again, nowMs);
  });
  wheel.schedule(entry(1), 5);
  wheel.advance(6);
  wheel.advance(7);
  assert.deepEqual(fired, [1, 2]);
});

test("an entry that is scheduled again is due at its new time alone", () => {
  const fired: number[] = [];
  const wheel = new TimerWheel<Entry>((_, nowMs) => fired.push(nowMs));
  const moved = entry();
  wheel.schedule(moved, 10);
  wheel.schedule(moved, 50);
  for (let nowMs = 0; nowMs < 100; nowMs += 1) wheel.advance(nowMs);
  assert.deepEqual(fired, [51]);
});
