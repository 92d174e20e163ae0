import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";

import type { MadeUpPhase } from "./made-up-run.ts";

import { largeOrder, largeOrderSchema } from "../../load-tests/scenarios/large-order.ts";
import { scenarios } from "../../load-tests/scenarios/scenarios.ts";
import { latency, madeUpRun } from "./made-up-run.ts";

/** All of a scenario that can be judged without running it: every request answered, every attacker shown out. */
function perfectRun(scenario: (typeof scenarios)[number]) {
  const phases = scenario.phases(false).map(({ name, seconds }): MadeUpPhase => {
    const byClass = Object.fromEntries(scenario.classes.map((one) => [one.name, {}]));
    return { name, seconds, byClass, all: { goodByPort: [50, 50] } };
  });
  const attackers = (scenario.attackers ?? []).map(({ kind, connections }) => {
    return { kind, connections, closed: connections, closedAfterMs: latency(1) };
  });
  return madeUpRun(phases, { attackers, notes: { shedMicroseconds: 1, serveMicroseconds: 10, livezP99Ms: 1 } });
}

suite("the scenarios", () => {
  test("are all fifteen", () => {
    assert.deepEqual(
      [...new Set(scenarios.map(({ number }) => number))],
      Array.from({ length: 15 }, (_, n) => n + 1),
    );
  });

  test("have names of their own", () => {
    assert.equal(new Set(scenarios.map(({ name }) => name)).size, scenarios.length);
    for (const { name } of scenarios) assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test("that are quick are the five that are asked for, and last 63 s together", () => {
    const quick = scenarios.filter(({ isQuick }) => isQuick);
    assert.deepEqual([...new Set(quick.map(({ number }) => number))], [1, 3, 4, 5, 12]);
    const phases = quick.flatMap((scenario) => scenario.phases(true));
    assert.ok(phases.reduce((sum, { seconds }) => sum + seconds, 0) <= 63);
  });
});

for (const scenario of scenarios) {
  suite(`scenario ${scenario.name}`, () => {
    test("has phases of different names, each of whole quarters of a second", () => {
      for (const isQuick of [true, false]) {
        const phases = scenario.phases(isQuick);
        assert.equal(new Set(phases.map(({ name }) => name)).size, phases.length);
        for (const { seconds } of phases) assert.ok(Number.isInteger(seconds * 4), `${seconds} s`);
      }
    });

    test("goes through the same phases whether it is quick or not", () => {
      const names = (isQuick: boolean) => scenario.phases(isQuick).map(({ name }) => name);
      assert.deepEqual(names(true), names(false));
    });

    test("controls and attacks what is there", () => {
      const phases = scenario.phases(false);
      for (const { control = {} } of phases) {
        for (const place of Object.keys(control)) assert.ok(Number(place) < scenario.services.length);
      }
      for (const { phase } of scenario.attackers ?? []) assert.ok(phases.some(({ name }) => name === phase));
    });

    test("measures something of any run, and says each of it once", () => {
      const run = perfectRun(scenario);
      for (const { says, of } of scenario.thresholds) assert.ok(Number.isFinite(of(run)), says);
      assert.equal(new Set(scenario.thresholds.map(({ says }) => says)).size, scenario.thresholds.length);
    });
  });
}

suite("the large order", () => {
  test("is what its schema describes", () => {
    const schema = JSON.parse(readFileSync(largeOrderSchema, "utf8")) as { properties: Record<string, unknown> };
    const order = JSON.parse(largeOrder(3)) as { lines: unknown[] };
    assert.deepEqual(Object.keys(order), Object.keys(schema.properties));
    assert.equal(order.lines.length, 3);
  });
});
