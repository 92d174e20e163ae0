import type { Scenario, ScenarioRun } from "../scenario.ts";

import { goodputOf } from "./measures/goodput.ts";
import { phaseOf } from "./measures/phase.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

/** What the gateway that served least served, of all that was served. */
function leastShare(run: ScenarioRun): number {
  const { good, goodByPort } = phaseOf(run, "3x").all;
  if (goodByPort === undefined || goodByPort.length !== 2) throw new TypeError("the load went to one gateway alone");
  return Math.min(...goodByPort) / good;
}

export const twoGateways: Scenario = {
  number: 15,
  name: "two-gateways",
  question: "Do two gateways that know nothing of each other share one service, and neither starve nor drown it?",
  isQuick: false,
  services: [tenSlots],
  gateways: 2,
  classes: [gets],
  phases: (isQuick) => [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 2 : 5, load: 0.5 },
    { name: "3x", seconds: isQuick ? 15 : 60, load: 3 },
  ],
  thresholds: [
    {
      says: "goodput of both at 3 ×, of what the service can serve",
      of: (run) => goodputOf(run, "3x") / run.capacity,
      unit: "ratio",
      atLeast: 0.95,
    },
    { says: "share of the goodput of the gateway with less", of: leastShare, unit: "ratio", atLeast: 0.35 },
  ],
};
