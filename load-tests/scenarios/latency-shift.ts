import type { Scenario } from "../scenario.ts";

import { shedShare } from "./measures/goodput.ts";
import { phaseOf } from "./measures/phase.ts";
import { gets, warmUp } from "./ordinary.ts";

const load = 0.6;

/** An added latency without a loss of capacity, such as a longer way to the service. */
function shiftOf(slots: number, name: string): Scenario {
  return {
    number: 5,
    name,
    question: `Is nothing shed when answers of ${slots} slots come 60 ms later, and as many as before?`,
    isQuick: true,
    services: [{ slots, meanMs: 20 }],
    classes: [gets],
    phases: (isQuick) => [
      warmUp(isQuick, 0.3),
      { name: "base", seconds: isQuick ? 1.5 : 8, load },
      { name: "shift", seconds: 2, load, control: { 0: { addedMs: 60 } } },
      { name: "shifted", seconds: isQuick ? 3 : 10, load },
    ],
    thresholds: [
      {
        says: "shed from 2 s after the shift on, of the offered",
        of: (run) => shedShare(phaseOf(run, "shifted").all),
        unit: "ratio",
        atMost: 0.02,
      },
    ],
  };
}

export const latencyShift = shiftOf(10, "latency-shift");
export const latencyShift40 = shiftOf(40, "latency-shift-40");
