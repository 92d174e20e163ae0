import type { Scenario } from "../scenario.ts";

import { goodShare } from "./measures/goodput.ts";
import { classOf } from "./measures/phase.ts";
import { gets, patienceMs, tenSlots, warmUp } from "./ordinary.ts";

export const critical: Scenario = {
  number: 12,
  name: "critical",
  question: "Do critical requests pass when there are three times as many requests as can be served?",
  isQuick: true,
  services: [tenSlots],
  config: { routes: [{ id: "critical", path: "/critical/*", upstream: "service-1", priority: "critical" }] },
  classes: [
    { name: "critical", share: 0.2, path: "/critical", deadlineMs: patienceMs },
    { ...gets, name: "normal", share: 0.8 },
  ],
  phases: (isQuick) => [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 0.5 : 8, load: 0.5 },
    { name: "3x", seconds: isQuick ? 4 : 10, load: 3 },
  ],
  thresholds: [
    {
      says: "critical requests answered well at 3 ×",
      of: (run) => goodShare(classOf(run, "3x", "critical")),
      unit: "ratio",
      atLeast: 0.99,
    },
  ],
};
