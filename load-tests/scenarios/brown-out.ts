import type { Scenario, ScenarioPhase, Threshold } from "../scenario.ts";

import { goodputOf } from "./measures/goodput.ts";
import { recoverySeconds } from "./measures/recovery.ts";
import { wastedShare } from "./measures/upstream-work.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

/** What the clients go on to ask: four fifths of what the service could serve when it was well. */
const load = 0.8;

function outage(slowdown: number, seconds: number, repairedSeconds: number): ScenarioPhase[] {
  return [
    { name: `${slowdown}x slower`, seconds, load, control: { 0: { slowdown } } },
    { name: `after ${slowdown}x`, seconds: repairedSeconds, load, control: { 0: { slowdown: 1 } } },
  ];
}

function thresholdsOf(slowdown: number, atLeast: number): Threshold[] {
  const slow = `${slowdown}x slower`;
  return [
    {
      says: `goodput of a service ${slowdown} × slower, of what it can serve`,
      of: (run) => goodputOf(run, slow) / (run.capacity / slowdown),
      unit: "ratio",
      atLeast,
    },
    {
      says: `work of a service ${slowdown} × slower that nobody waited for`,
      of: (run) => wastedShare(run, slow),
      unit: "ratio",
      atMost: 0.02,
    },
    {
      says: `recovered after ${slowdown} × slower`,
      of: (run) => recoverySeconds(run, `after ${slowdown}x`),
      unit: "s",
      atMost: 2,
    },
  ];
}

export const brownOut: Scenario = {
  number: 4,
  name: "brown-out",
  question: "Is a service that has become four and eight times slower kept at its work, and spared what is in vain?",
  isQuick: true,
  services: [tenSlots],
  classes: [gets],
  phases: (isQuick) => [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 1 : 8, load },
    ...outage(4, isQuick ? 4 : 12, isQuick ? 3 : 8),
    ...outage(8, isQuick ? 5 : 12, isQuick ? 3 : 8),
  ],
  thresholds: [...thresholdsOf(4, 0.9), ...thresholdsOf(8, 0.7)],
};
