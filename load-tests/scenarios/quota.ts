import type { RequestClass } from "../generator/plan.ts";
import type { Scenario, ScenarioRun } from "../scenario.ts";

import { goodShare } from "./measures/goodput.ts";
import { classOf } from "./measures/phase.ts";
import { patienceMs, tenSlots, warmUp } from "./ordinary.ts";

const quotaPerSecond = 50;
const burst = 50;
/** Each asks for half of its quota, the greedy one for twenty times as much. */
const politeClients = 10;
const politePerSecond = quotaPerSecond / 2;
const greedyPerSecond = quotaPerSecond * 20;
const requestsPerSecond = politeClients * politePerSecond + greedyPerSecond;

function clientOf(name: string, share: number): RequestClass {
  return { name, share, path: "/jobs", fields: [["X-Client", name]], deadlineMs: patienceMs };
}

const polite = Array.from({ length: politeClients }, (_, n) => clientOf(`polite-${n + 1}`, politePerSecond));
const greedy = clientOf("greedy", greedyPerSecond);

/** What the greedy client got, of what its quota holds for as long as it asked. */
function greedyShare({ load }: ScenarioRun): number {
  const good = load.phases.reduce((sum, { byClass }) => sum + (byClass[greedy.name]?.good ?? 0), 0);
  const seconds = load.phases.reduce((sum, phase) => sum + phase.seconds, 0);
  return good / (burst + quotaPerSecond * seconds);
}

function politeLoss(run: ScenarioRun): number {
  const results = polite.map(({ name }) => classOf(run, "greed", name));
  const good = results.reduce((sum, result) => sum + result.good, 0);
  const offered = results.reduce((sum, result) => sum + result.offered, 0);
  return 1 - goodShare({ good, offered });
}

export const quota: Scenario = {
  number: 9,
  name: "quota",
  question: "Does a client at twenty times its quota get exactly its quota, and take nothing from the others?",
  isQuick: false,
  services: [tenSlots],
  config: {
    routes: [{ id: "jobs", rateLimit: { requests: 60 * quotaPerSecond, per: "1m", burst, by: "header:x-client" } }],
  },
  classes: [greedy, ...polite],
  phases: (isQuick) => {
    const all = { per: requestsPerSecond, load: 1 };
    return [
      { ...warmUp(isQuick), ...all },
      { name: "greed", seconds: isQuick ? 4 : 12, ...all },
    ];
  },
  thresholds: [
    {
      says: "good answers to the greedy client, of burst + rate × duration",
      of: greedyShare,
      unit: "ratio",
      atLeast: 0.95,
      atMost: 1.05,
    },
    { says: "requests that the others lose", of: politeLoss, unit: "ratio", atMost: 0.01 },
  ],
};
