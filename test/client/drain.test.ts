import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { DrainOptions } from "../../gateway/client/drain.ts";

import { drain } from "../../gateway/client/drain.ts";
import { FakeClock } from "../support/fake-clock.ts";

function setUp(config: { readonly grace: number; readonly deadline: number }) {
  const clock = new FakeClock(0);
  const log: Array<readonly [string, number]> = [];
  const note = (what: string): void => void log.push([what, clock.now()]);
  let closed: (() => void) | undefined;
  const listener: DrainOptions["listener"] = {
    close() {
      note("close");
      return new Promise((resolve) => (closed = resolve));
    },
    cancel: () => note("cancel"),
    destroy() {
      note("destroy");
      closed?.();
    },
  };
  const drained = drain({ config, listener, clock, admission: note });
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    for (let turns = 0; turns < 3; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, log, drained, pass, lastConnectionGoes: () => closed?.() };
}

describe("a drain", () => {
  test("serves through the grace period, then closes the door and waits for what is in flight", async () => {
    const { clock, log, drained, pass, lastConnectionGoes } = setUp({ grace: 5000, deadline: 30_000 });
    assert.deepEqual(log, [["closing", 0]]);
    await pass(4999);
    assert.equal(log.length, 1);
    await pass(1);
    assert.deepEqual(log.slice(1), [
      ["close", 5000],
      ["closed", 5000],
    ]);
    await pass(10_000);
    lastConnectionGoes();
    assert.equal(await drained, true);
    assert.equal(clock.pending, 0, "the deadline's timer is gone");
    assert.equal(log.length, 3);
  });

  test("ends what is under way at the deadline, counted from its start, and destroys what stands a second later", async () => {
    const { log, drained, pass } = setUp({ grace: 5000, deadline: 30_000 });
    await pass(5000);
    await pass(24_999);
    assert.equal(log.at(-1)?.[0], "closed");
    await pass(1);
    assert.deepEqual(log.at(-1), ["cancel", 30_000]);
    await pass(999);
    assert.equal(log.at(-1)?.[0], "cancel");
    await pass(1);
    assert.deepEqual(log.at(-1), ["destroy", 31_000]);
    assert.equal(await drained, false);
  });

  test("destroys nothing where all goes once it was ended", async () => {
    const { clock, log, drained, pass, lastConnectionGoes } = setUp({ grace: 0, deadline: 30_000 });
    await pass(0);
    await pass(30_000);
    lastConnectionGoes();
    assert.equal(await drained, false);
    assert.deepEqual([log.at(-1), clock.pending], [["cancel", 30_000], 0]);
  });

  test("without grace closes at once", async () => {
    const { log, drained, pass, lastConnectionGoes } = setUp({ grace: 0, deadline: 1000 });
    await pass(0);
    assert.deepEqual(log, [
      ["closing", 0],
      ["close", 0],
      ["closed", 0],
    ]);
    lastConnectionGoes();
    assert.equal(await drained, true);
  });

  test("with a deadline that ends within the grace period waits for nobody after it", async () => {
    const { log, drained, pass } = setUp({ grace: 5000, deadline: 1000 });
    await pass(5000);
    await pass(1);
    assert.equal(log.at(-1)?.[0], "cancel");
    await pass(1000);
    assert.equal(log.at(-1)?.[0], "destroy");
    assert.equal(await drained, false);
  });
});
