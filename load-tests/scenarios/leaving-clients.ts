import type { Scenario } from "../scenario.ts";

import { cancelledShare } from "./measures/cancellation.ts";
import { patienceMs } from "./ordinary.ts";

const leaveAfterMs = 100;

export const leavingClients: Scenario = {
  number: 11,
  name: "leaving-clients",
  question: "Is a request taken back from the service as soon as its client has left?",
  isQuick: false,
  // So slow that hardly an answer is there before the client leaves.
  services: [{ slots: 200, meanMs: 300, sigma: 0.25 }],
  config: {
    // Before the response a FIN may also be the end of the requests of a client that waits, which is the default.
    listen: { halfClose: "cancel" },
    // The question is not about limits.
    upstreams: { "service-1": { concurrency: { limit: 200 } } },
  },
  classes: [
    {
      name: "get",
      share: 1,
      path: "/jobs",
      deadlineMs: patienceMs,
      leaves: { share: 0.5, afterMs: leaveAfterMs },
    },
  ],
  phases: (isQuick) => [{ name: "leaving", seconds: isQuick ? 3 : 10, load: 0.3 }],
  thresholds: [
    {
      says: "requests of leavers that are cancelled at the service within 100 ms of leaving",
      // From arrival at the service, which is at most a few milliseconds after the client began to wait.
      of: (run) => cancelledShare(run, leaveAfterMs + 100),
      unit: "ratio",
      atLeast: 0.95,
    },
  ],
};
