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
  return madeUpRun(phases, { attackers, notes: notesOf({ shedMicroseconds: 20, serveMicroseconds: 200 }) });
}

/** Every note there may be: 1 where nothing else is said. */
function notesOf(said: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return new Proxy(said, { get: (target, name) => target[String(name)] ?? 1 });
}

function scenarioOf(name: string): (typeof scenarios)[number] {
  const scenario = scenarios.find((one) => one.name === name);
  assert.ok(scenario !== undefined);
  return scenario;
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

suite("a run proves nothing", () => {
  const cpuBound = scenarioOf("cpu-bound");
  const closedLoop = scenarioOf("closed-loop");
  /** Phases of eight seconds in which the gateway uses so much of a CPU. */
  const busy = (share: number, notes: Readonly<Record<string, number>>) =>
    madeUpRun(
      ["2x", "3x"].map((name) => ({ name, seconds: 8, cpuShare: share })),
      { notes },
    );

  test("of a gateway that was not CPU-bound, or whose requests cost too little", () => {
    assert.deepEqual(cpuBound.doubts?.(busy(0.95, { serveMicroseconds: 150 })), []);
    assert.deepEqual(cpuBound.doubts?.(busy(0.95, { serveMicroseconds: 149 })), [
      "a request costs the gateway 149 µs; 150 are needed for the generator to outrun it",
    ]);
    assert.deepEqual(cpuBound.doubts?.(busy(0.85, { serveMicroseconds: 150 })), [
      "the gateway worked 85 % of the time at 2 × its capacity; 90 % are needed",
      "the gateway worked 85 % of the time at 3 × its capacity; 90 % are needed",
    ]);
    assert.equal(cpuBound.doubts?.(busy(0.95, {})).length, 1, "a cost that was not measured");
  });

  test("of closed loops that did not keep the gateway busy", () => {
    const name = "GET, 500 connections, busy";
    assert.deepEqual(closedLoop.doubts?.(madeUpRun([], { notes: notesOf({ [name]: 0.8 }) })), []);
    const doubts = closedLoop.doubts?.(madeUpRun([], { notes: notesOf({ [name]: 0.7 }) }));
    assert.deepEqual(doubts, ["GET: 500 connections kept the gateway busy for 70 % of the time; 80 % are needed"]);
    assert.equal(closedLoop.doubts?.(madeUpRun([])).length, 6, "of all that was not measured");
  });
});

suite("the large order", () => {
  test("is what its schema describes", () => {
    const schema = JSON.parse(readFileSync(largeOrderSchema, "utf8")) as { properties: Record<string, unknown> };
    const order = JSON.parse(largeOrder(3)) as { lines: unknown[] };
    assert.deepEqual(Object.keys(order), Object.keys(schema.properties));
    assert.equal(order.lines.length, 3);
  });
});
