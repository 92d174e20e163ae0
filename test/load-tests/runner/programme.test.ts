import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Scenario, Subject } from "../../../load-tests/scenario.ts";

import { readCommandLine } from "../../../load-tests/runner/command-line.ts";
import { programmeOf, scaled } from "../../../load-tests/runner/programme.ts";

function scenario(name: string, isQuick: boolean): Scenario {
  const phases: Scenario["phases"] = (quick) => [{ name: "all", seconds: quick ? 2 : 10, load: 1 }];
  return { number: 1, name, question: "", isQuick, services: [], classes: [], phases, thresholds: [] };
}

function subject(name: string): Subject {
  return { name, setting: "", start: () => Promise.reject(new Error("nobody starts it")) };
}

const sweep = scenario("sweep", true);
const catalogue = {
  subject: subject("own"),
  scenarios: [sweep, scenario("dead", false)],
  peers: [subject("nginx"), subject("haproxy")],
  peerScenarios: [sweep, scenario("after-load", true)],
  limits: [subject("knee"), subject("fixed-10")],
  limitScenarios: [scenario("surge", true)],
};

function programme(...args: string[]): string[] {
  const order = readCommandLine(args);
  assert.ok(order !== undefined);
  return programmeOf(order, catalogue).map(
    (trial) => `${trial.scenario.name}:${trial.subject.name}${trial.isReference ? "?" : ""}`,
  );
}

describe("what is run", () => {
  test("is the quick scenarios, or all, or those that are named, in the order of the list", () => {
    assert.deepEqual(programme(), ["sweep:own"]);
    assert.deepEqual(programme("--full"), ["sweep:own", "dead:own"]);
    assert.deepEqual(programme("--scenario", "dead", "--scenario", "sweep"), ["sweep:own", "dead:own"]);
    assert.throws(() => programme("--scenario", "ded"), /did you mean 'dead'/);
  });

  test("has the peers beside it where they can be compared, as references", () => {
    const sweeps = ["sweep:own", "sweep:nginx?", "sweep:haproxy?"];
    const after = ["after-load:own", "after-load:nginx?", "after-load:haproxy?"];
    assert.deepEqual(programme("--peers"), [...sweeps, ...after]);
    assert.deepEqual(programme("--full", "--peers"), [...sweeps, "dead:own", ...after]);
    assert.deepEqual(programme("--scenario", "sweep", "--peers"), sweeps);
  });

  test("is the limits' own scenarios with every limit, the first for its own sake", () => {
    assert.deepEqual(programme("--limits"), ["surge:knee", "surge:fixed-10?"]);
  });
});

test("a scale lengthens every phase, and nothing else", () => {
  assert.deepEqual(scaled(sweep, 0.5).phases(true), [{ name: "all", seconds: 1, load: 1 }]);
  assert.deepEqual(scaled(sweep, 0.5).phases(false), [{ name: "all", seconds: 5, load: 1 }]);
  assert.equal(scaled(sweep, 1), sweep);
});
