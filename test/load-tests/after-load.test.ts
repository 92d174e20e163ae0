import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { LimitedSubject } from "../acquire/scenario-simulation.ts";

import { FixedLimit } from "../../gateway/acquire/limit/limit.ts";
import { seededRandom } from "../../load-tests/generator/random.ts";
import { afterLoad, afterLoadUnnoticed } from "../../load-tests/peers/after-load.ts";
import { Simulator } from "../../load-tests/upstream/simulator.ts";
import { knee } from "../acquire/limit-comparison.ts";
import { playScenario } from "../acquire/scenario-simulation.ts";

/** A plain proxy: it forwards what comes. */
const none: LimitedSubject = {
  name: "none",
  setting: "no limit",
  makeLimit: () => new FixedLimit(Infinity),
};

suite("a service that does not notice who leaves", () => {
  test("serves them all the same, at the cost of those behind", () => {
    const served = (noticesLeaving: boolean): number => {
      const service = { slots: 1, meanMs: 20, sigma: 0, noticesLeaving };
      const simulator = new Simulator(service, seededRandom(1));
      const ends: number[] = [];
      simulator.arrive({ method: "GET", end: () => ends.push(1) }, 0);
      const impatient = simulator.arrive({ method: "GET", end: () => ends.push(2) }, 1);
      simulator.arrive({ method: "GET", end: () => ends.push(3) }, 2);
      simulator.leave(impatient, 5);
      simulator.advance(45);
      assert.equal(simulator.counters(0).leftInLine, 1);
      assert.equal(simulator.counters(0).wastedMs, noticesLeaving ? 0 : 20);
      return ends.length;
    };
    assert.equal(served(true), 2);
    assert.equal(served(false), 1);
  });
});

suite("after load", () => {
  test("a proxy without a limit gives almost nothing, and does not come back where leaving goes unnoticed", async () => {
    const run = await playScenario(afterLoadUnnoticed, none, 7);
    const [goodput, after] = afterLoadUnnoticed.thresholds.map(({ of }) => of(run));
    assert.ok(goodput! < 0.3, `goodput ${goodput}`);
    assert.ok(after! < 0.05, `afterwards ${after}`);
  });

  for (const scenario of [afterLoad, afterLoadUnnoticed]) {
    test(`knee keeps its goodput, and is back at once: ${scenario.name}`, async () => {
      const run = await playScenario(scenario, knee, 7);
      const [goodput, after] = scenario.thresholds.map(({ of }) => of(run));
      assert.ok(goodput! >= 0.95, `goodput ${goodput}`);
      assert.ok(after! >= 0.95, `afterwards ${after}`);
    });
  }
});
