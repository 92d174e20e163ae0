import type { ClassResult } from "../generator/load-result.ts";
import type { Scenario, ScenarioRun } from "../scenario.ts";

import { goodputOf, peakGoodput, shedShare } from "./measures/goodput.ts";
import { phaseOf } from "./measures/phase.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

const loads = [0.5, 0.8, 1, 1.5, 2, 3, 5];

/** Of the phases with more load than the service can serve, the worst. */
function worst(run: ScenarioRun, of: (all: ClassResult) => number): number {
  return Math.max(...[1.5, 2, 3, 5].map((load) => of(phaseOf(run, nameOf(load)).all)));
}

function nameOf(load: number): string {
  return `${load}x`;
}

export const sweep: Scenario = {
  number: 1,
  name: "sweep",
  question: "Does goodput stay flat as the load grows to five times what the service can serve?",
  isQuick: true,
  services: [tenSlots],
  classes: [gets],
  phases: (isQuick) => [
    warmUp(isQuick),
    ...loads.map((load) => ({ name: nameOf(load), seconds: isQuick ? 2.25 : 10, load })),
  ],
  thresholds: [
    {
      says: "goodput at 3 ×, of the peak",
      of: (run) => goodputOf(run, "3x") / peakGoodput(run),
      unit: "ratio",
      atLeast: 0.95,
    },
    {
      says: "goodput at 5 ×, of the peak",
      of: (run) => goodputOf(run, "5x") / peakGoodput(run),
      unit: "ratio",
      atLeast: 0.9,
    },
    {
      says: "p99 of the good answers at 3 ×, of that at 0.5 ×",
      of: (run) => phaseOf(run, "3x").all.goodMs.p99 / phaseOf(run, "0.5x").all.goodMs.p99,
      unit: "ratio",
      atMost: 2,
    },
    {
      says: "p99 of sheds that did not wait",
      of: (run) => worst(run, ({ shedMs }) => shedMs.p99),
      unit: "ms",
      atMost: 10,
    },
    {
      says: "p99 of sheds that waited in the queue",
      of: (run) => worst(run, ({ queuedShedMs }) => queuedShedMs.p99),
      unit: "ms",
      atMost: 110,
    },
    {
      says: "shed at 0.8 ×, of the offered",
      of: (run) => shedShare(phaseOf(run, "0.8x").all),
      unit: "ratio",
      atMost: 0.01,
    },
  ],
};
