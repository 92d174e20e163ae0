import type { Scenario } from "../scenario.ts";
import type { Service } from "../upstream/service.ts";

import { goodputOf, goodShare } from "../scenarios/measures/goodput.ts";
import { phaseOf } from "../scenarios/measures/phase.ts";
import { gets, tenSlots } from "../scenarios/ordinary.ts";

/** Load that passes capacity, and then goes back to half of it: who stays down then is metastable. */
function afterLoadOf(number: number, name: string, service: Service): Scenario {
  const notice = service.noticesLeaving === false ? "does not notice" : "notices";
  return {
    number,
    name,
    question: `What is left at three times the capacity, and at half of it thereafter, of a service that ${notice} who leaves?`,
    isQuick: true,
    services: [service],
    classes: [gets],
    phases: () => [
      { name: "before", seconds: 3, load: 0.5 },
      { name: "overload", seconds: 6, load: 3 },
      { name: "after", seconds: 6, load: 0.5 },
    ],
    thresholds: [
      {
        says: "goodput at 3 ×, of capacity",
        of: (run) => goodputOf(run, "overload") / run.capacity,
        unit: "ratio",
        atLeast: 0.95,
      },
      {
        says: "goodput at 0.5 × for 6 s afterwards, of the offered",
        of: (run) => goodShare(phaseOf(run, "after").all),
        unit: "ratio",
        atLeast: 0.95,
      },
    ],
  };
}

/** A service that lets go of requests whose client has left the line: a kind one. */
export const afterLoad = afterLoadOf(110, "after-load", tenSlots);

/** One that serves them all the same, as most do that give a thread to a request. */
export const afterLoadUnnoticed = afterLoadOf(111, "after-load-unnoticed", { ...tenSlots, noticesLeaving: false });
