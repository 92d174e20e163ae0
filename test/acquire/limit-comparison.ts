import type { LimitScenario } from "../../load-tests/limits/limit-scenarios.ts";
import type { LimitResult } from "../../load-tests/limits/limit-table.ts";
import type { ScenarioRun } from "../../load-tests/scenario.ts";
import type { Service } from "../../load-tests/upstream/service.ts";
import type { LimitedSubject } from "./scenario-simulation.ts";

import { FixedLimit } from "../../gateway/acquire/limit/limit.ts";
import { Knee } from "../../gateway/acquire/limit/knee.ts";
import { Gradient2 } from "../../load-tests/limits/gradient2.ts";
import { playScenario } from "./scenario-simulation.ts";

const fixed = (limit: number): LimitedSubject => ({
  name: `fixed ${limit}`,
  setting: "with the gateway's queue",
  makeLimit: () => new FixedLimit(limit),
});

/** As shipped: `slo` is a tenth of the default headers timeout. */
export const knee: LimitedSubject = {
  name: "knee",
  setting: "as shipped",
  makeLimit: () => new Knee({ min: 3, max: 1000, sloMs: 500 }),
};

/** The subjects of load-tests/limits/limits.ts, in simulated time. */
export const subjects: readonly LimitedSubject[] = [
  knee,
  fixed(10),
  fixed(32),
  fixed(64),
  { name: "gradient2", setting: "20 to 200", makeLimit: () => new Gradient2() },
  {
    name: "haproxy",
    setting: "maxconn 12, queue 100 ms",
    makeLimit: () => new FixedLimit(12),
    fifoWaitMs: 100,
  },
];

/** A subject in a scenario: what is measured, as means over the seeds. */
export async function meansOf(
  subject: LimitedSubject,
  scenario: LimitScenario,
  seeds: readonly number[],
): Promise<LimitResult> {
  const runs: ScenarioRun[] = [];
  for (const seed of seeds) runs.push(await playScenario(scenario, subject, seed));
  const thresholds = scenario.thresholds.map(({ says, of }) => {
    const mean = runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
    return { says, median: Number.isFinite(mean) ? mean : null };
  });
  return { subject: subject.name, setting: subject.setting, thresholds };
}

/** Services of many sizes and speeds, up to 2,000 requests a second: none of them is what a rule was tuned on. */
export const services: readonly Service[] = [5, 10, 20, 40, 100].flatMap((slots) =>
  [5, 20, 80].filter((meanMs) => slots / meanMs <= 2).map((meanMs) => ({ slots, meanMs })),
);
