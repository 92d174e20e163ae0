import type { Scenario } from "../scenario.ts";

import { lossAgainst } from "./measures/goodput.ts";
import { classOf } from "./measures/phase.ts";
import { gets, patienceMs, tenSlots, warmUp } from "./ordinary.ts";

const healthy = { ...gets, name: "healthy" };

export const sibling: Scenario = {
  number: 7,
  name: "sibling",
  question: "Does a route suffer when the service of the route beside it never answers?",
  isQuick: false,
  services: [tenSlots, tenSlots],
  classes: [healthy, { name: "hung", share: 1, path: "/other", deadlineMs: patienceMs }],
  // 1 ×, evenly to two services: each has half of what it can serve.
  phases: (isQuick) => [
    warmUp(isQuick, 1),
    { name: "base", seconds: isQuick ? 2 : 8, load: 1 },
    { name: "hung", seconds: isQuick ? 3 : 10, load: 1, control: { 1: { fault: { kind: "black-hole" } } } },
  ],
  thresholds: [
    {
      says: "goodput that the healthy route loses",
      of: (run) => lossAgainst(classOf(run, "base", "healthy"), classOf(run, "hung", "healthy")),
      unit: "ratio",
      atMost: 0.05,
    },
    {
      says: "p99 of the healthy route, of that before",
      of: (run) => classOf(run, "hung", "healthy").goodMs.p99 / classOf(run, "base", "healthy").goodMs.p99,
      unit: "ratio",
      atMost: 1.5,
    },
  ],
};
