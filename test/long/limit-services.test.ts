import type { LimitScenario } from "../../load-tests/limits/limit-scenarios.ts";
import type { Service } from "../../load-tests/upstream/service.ts";
import type { LimitedSubject } from "../acquire/scenario-simulation.ts";

import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { brownOutOf, shiftOf, surgeOf, twoGatewaysOf } from "../../load-tests/limits/limit-scenarios.ts";
import { meansOf, services, subjects } from "../acquire/limit-comparison.ts";

/** How the three sigmas are met by turns, and how often. */
const sigmas = [0.25, 0.5, 1];
const rounds = 2;

interface Row {
  readonly name: string;
  readonly values: readonly number[];
}

async function rowsOf(service: Service, scenarioOf: (service: Service) => LimitScenario): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const subject of subjects) {
    rows.push({ name: subject.name, values: await valuesOf(subject, service, scenarioOf) });
  }
  return rows;
}

async function valuesOf(
  subject: LimitedSubject,
  service: Service,
  scenarioOf: (service: Service) => LimitScenario,
): Promise<readonly number[]> {
  const all: number[][] = [];
  for (const [index, sigma] of sigmas.entries()) {
    const seeds = Array.from({ length: rounds }, (_, round) => 1_000 + 17 * (round * sigmas.length + index));
    const { thresholds } = await meansOf(subject, scenarioOf({ ...service, sigma }), seeds);
    all.push(thresholds.map(({ median }) => median ?? NaN));
  }
  return all[0]!.map((_, place) => all.reduce((sum, values) => sum + values[place]!, 0) / all.length);
}

/** The first measure of a scenario is its goodput. */
function assertNearBest(rows: readonly Row[], share: number): void {
  const best = Math.max(...rows.map(({ values }) => values[0]!));
  const own = rows.find(({ name }) => name === "knee")!.values[0]!;
  assert.ok(own >= share * best, `knee ${own.toFixed(3)}, the best ${best.toFixed(3)}`);
}

suite("knee beside other limits, on services of many sizes and speeds", () => {
  for (const service of services) {
    const place = `${service.slots} slots of ${service.meanMs} ms`;
    const play = async (
      t: { diagnostic(text: string): void },
      scenarioOf: (of: Service) => LimitScenario,
    ): Promise<readonly Row[]> => {
      const rows = await rowsOf(service, scenarioOf);
      for (const { name, values } of rows) {
        t.diagnostic(`${name.padEnd(10)} ${values.map((value) => value.toFixed(3).padStart(8)).join("")}`);
      }
      return rows;
    };

    test(`${place}: at 3 × it has the goodput of the best`, async (t) => assertNearBest(await play(t, surgeOf), 0.95));

    test(`${place}: at + 60 ms it has the goodput of the best`, async (t) =>
      assertNearBest(await play(t, shiftOf), 0.95));

    test(`${place}: two gateways keep the service busy`, async (t) => {
      assertNearBest(await play(t, (of) => twoGatewaysOf(of, 10)), 0.95);
    });

    test(`${place}: through a brown-out it has the goodput of the best, while answers come within its slo`, async (t) => {
      const rows = await play(t, brownOutOf);
      if (service.meanMs * 4 < 250) assertNearBest(rows, 0.9);
    });
  }
});
