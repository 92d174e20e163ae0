import type { Scenario } from "../scenario.ts";

import { recoverySeconds } from "./measures/recovery.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

export const spike: Scenario = {
  number: 3,
  name: "spike",
  question: "How soon is all well again after two seconds of ten times the capacity?",
  isQuick: true,
  services: [tenSlots],
  classes: [gets],
  phases: (isQuick) => [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 1 : 8, load: 0.5 },
    { name: "spike", seconds: 2, load: 10 },
    { name: "after", seconds: isQuick ? 4 : 8, load: 0.5 },
  ],
  thresholds: [
    {
      says: "recovered after the spike",
      of: (run) => recoverySeconds(run, "after"),
      unit: "s",
      atMost: 2,
    },
  ],
};
