import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";

import type { Scenario, Stage, Subject } from "../../load-tests/scenario.ts";
import type { Tick } from "../../load-tests/stage/tick.ts";

import { always } from "../../load-tests/stage/always.ts";
import { runScenario } from "../../load-tests/stage/run-scenario.ts";
import { statuswise } from "../../load-tests/stage/statuswise.ts";

const small: Scenario = {
  number: 0,
  name: "small",
  question: "Does a stage do what a scenario says?",
  isQuick: true,
  services: [{ slots: 10, meanMs: 20 }],
  classes: [{ name: "jobs", share: 1, path: "/jobs/1", deadlineMs: 1_000 }],
  phases: () => [{ name: "only", seconds: 1, load: 0.2 }],
  thresholds: [],
};

/** No gateway at all: the load goes to the first service. */
const nothing: Subject = {
  name: "nothing",
  setting: "none",
  async start([port = 0]) {
    return { port, adminPort: undefined, pid: process.pid, async [Symbol.asyncDispose]() {} };
  },
};

async function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: "127.0.0.1" });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

function portsOf({ services, gateways }: Stage): readonly number[] {
  return [...services, ...gateways].map(({ port }) => port);
}

describe("a scenario", () => {
  test("is carried out phase by phase before a gateway, seen from all sides, and leaves nothing behind", async () => {
    const seen: string[] = [];
    const ticks: Tick[] = [];
    let ports: readonly number[] = [];
    const scenario: Scenario = {
      ...small,
      phases: () => [
        { name: "well", seconds: 1, load: 0.4 },
        {
          name: "ill",
          seconds: 1,
          load: 0.4,
          control: { 0: { fault: { kind: "status", status: 503 } } },
          act: async (stage) => {
            seen.push("act");
            stage.note("faulted-at-act", (await stage.services[0]!.counters()).faulted);
          },
        },
      ],
      async prepare(stage) {
        ports = portsOf(stage);
        seen.push("prepared");
        return {
          async [Symbol.asyncDispose]() {
            seen.push("disposed");
            stage.note("last-words", 1);
          },
        };
      },
    };
    const options = { isQuick: true, seed: 3, onTick: (tick: Tick) => void ticks.push(tick) };
    const run = await runScenario(scenario, statuswise(), options);
    // A busy machine makes a run invalid, which is then done again.
    const runs = seen.length / 3;
    assert.deepEqual(seen, Array.from({ length: runs }, () => ["prepared", "act", "disposed"]).flat());
    assert.equal(run.capacity, 500);
    assert.deepEqual(Object.keys(run.counters), ["start", "well", "ill"]);
    const [start, well, ill] = ["start", "well", "ill"].map((name) => run.counters[name]![0]!);
    assert.deepEqual([start!.received, well!.faulted], [0, 0]);
    assert.ok(well!.served > 0 && ill!.faulted > 0);
    assert.equal(run.notes["last-words"], 1);
    assert.ok(run.notes["faulted-at-act"]! <= ill!.faulted);
    const last = run.samples.at(-1)!;
    assert.ok(last.rssBytes[0]! > 10_000_000 && last.cpuMicroseconds[0]! > 0);
    assert.ok(last.limit[0]! > 0 && last.received[0]! > 0);
    assert.equal(ticks.length, 2 * runs);
    const { inFlight, internal, liveBytes } = run.end[0]!;
    assert.deepEqual([inFlight, internal], [0, 0]);
    assert.ok(liveBytes!.before > 10_000_000 && liveBytes!.after > 10_000_000);
    const told = always.filter(({ unit, atMost }) => unit === "count" && atMost === 0);
    assert.deepEqual(
      told.map(({ of }) => of(run)),
      told.map(() => 0),
    );
    for (const port of ports) assert.equal(await accepts(port), false, `port ${port}`);
  });

  test("ends at once by its signal, with all that was started", async () => {
    const abort = new AbortController();
    let ports: readonly number[] = [];
    const scenario: Scenario = {
      ...small,
      phases: () => [
        {
          name: "endless",
          seconds: 3_600,
          load: 0.1,
          act: async (stage) => {
            ports = portsOf(stage);
            abort.abort(new Error("enough"));
          },
        },
      ],
    };
    const running = runScenario(scenario, nothing, { isQuick: true, seed: 3, signal: abort.signal });
    await assert.rejects(running, /enough/);
    assert.equal(ports.length, 2);
    for (const port of ports) assert.equal(await accepts(port), false, `port ${port}`);
  });

  test("fails with what an act failed with", async () => {
    const act = (): Promise<void> => Promise.reject(new Error("no such thing"));
    const scenario: Scenario = { ...small, phases: () => [{ name: "endless", seconds: 3_600, load: 0.1, act }] };
    await assert.rejects(runScenario(scenario, nothing, { isQuick: true, seed: 3 }), /no such thing/);
  });

  test("fails with what a start failed with", async () => {
    const broken = statuswise({ config: { nonsense: true } });
    await assert.rejects(runScenario(small, broken, { isQuick: true, seed: 3 }), /ended before it listened/);
  });

  test("that doubts its run is done once more, and then invalid with its reasons", async () => {
    const capacities: number[] = [];
    const doubts: Scenario["doubts"] = ({ capacity }) => {
      capacities.push(capacity);
      return ["the gateway was idle"];
    };
    const { load } = await runScenario({ ...small, doubts }, nothing, { isQuick: true, seed: 3 });
    assert.deepEqual(capacities, [500, 500]);
    assert.equal(load.validity.isValid, false);
    assert.equal(load.validity.reasons.at(-1), "the gateway was idle");
  });

  test("asks the gateway itself for its capacity where the scenario says so", async () => {
    const scenario: Scenario = { ...small, measureCapacity: async ({ gateways }) => gateways.length * 50 };
    const run = await runScenario(scenario, nothing, { isQuick: true, seed: 3 });
    assert.equal(run.capacity, 50);
    assert.equal(run.load.phases[0]?.ratePerSecond, 10);
  });
});
