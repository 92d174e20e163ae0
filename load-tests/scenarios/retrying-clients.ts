import type { Scenario } from "../scenario.ts";

import { goodShare } from "./measures/goodput.ts";
import { phaseOf } from "./measures/phase.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

const load = 0.7;

export const retryingClients: Scenario = {
  number: 13,
  name: "retrying-clients",
  question: "Is the load of clients that ask again at once left behind once its cause is gone?",
  isQuick: false,
  services: [tenSlots],
  classes: [{ ...gets, retry: { attempts: 4, delayMs: 0, honoursRetryAfter: false } }],
  phases: (isQuick) => [
    warmUp(isQuick, load),
    { name: "base", seconds: isQuick ? 2 : 8, load },
    { name: "spike", seconds: 5, load: 3 },
    { name: "settling", seconds: 5, load },
    { name: "after", seconds: isQuick ? 3 : 8, load },
  ],
  thresholds: [
    {
      says: "goodput from 5 s after the spike on, of the offered",
      of: (run) => goodShare(phaseOf(run, "after").all),
      unit: "ratio",
      atLeast: 0.95,
    },
  ],
};
