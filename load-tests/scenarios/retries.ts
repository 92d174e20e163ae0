import type { Scenario, ScenarioPhase, ScenarioRun, Threshold } from "../scenario.ts";
import type { Control } from "../upstream/service.ts";

import { goodShare } from "./measures/goodput.ts";
import { classOf, phaseOf } from "./measures/phase.ts";
import { admittedOf, receivedIn } from "./measures/upstream-work.ts";
import { gets, patienceMs, tenSlots, warmUp } from "./ordinary.ts";

/** The second service's breaker sees no failures: there the retry budget stands alone. */
const unbroken = { name: "unbroken", share: 40, path: "/other", deadlineMs: patienceMs };
const posts = { name: "post", share: 5, method: "POST", path: "/jobs", deadlineMs: patienceMs };

/** 220 GETs a second, 20 POSTs, and 160 GETs to the second service: less than half of what each can serve. */
const load = 0.8;

function failing(faultShare: number): Control {
  return { fault: { kind: "status", status: 503 }, faultShare };
}

function phaseWith(name: string, seconds: number, control?: Control): ScenarioPhase {
  return { name, seconds, load, ...(control !== undefined && { control: { 0: control, 1: control } }) };
}

/** Requests to the service, for each that passed the gateway's admission. */
function amplification(run: ScenarioRun, phase: string): number {
  return receivedIn(run, phase, { method: "GET" }) / admittedOf(classOf(run, phase, "get"));
}

function postsPerPost(run: ScenarioRun): number {
  const { phases } = run.load;
  const arrived = phases.reduce((sum, { name }) => sum + receivedIn(run, name, { method: "POST" }), 0);
  return arrived / phases.reduce((sum, { name }) => sum + classOf(run, name, "post").offered, 0);
}

const successes: readonly Threshold[] = [
  { phase: "10 %", atLeast: 0.98 },
  { phase: "30 %", atLeast: 0.82 },
].map(({ phase, atLeast }) => ({
  says: `GETs answered well while ${phase} of all answers are 503`,
  of: (run) => goodShare(classOf(run, phase, "get")),
  unit: "ratio",
  atLeast,
}));

const amplifications: readonly Threshold[] = [
  { phase: "10 %", atMost: 1.2 },
  { phase: "30 %", atMost: 1.2 },
  { phase: "100 %", atMost: 1.1 },
].map(({ phase, atMost }) => ({
  says: `GETs at the service for each admitted while ${phase} of all answers are 503`,
  of: (run) => amplification(run, phase),
  unit: "ratio",
  atMost,
}));

export const retries: Scenario = {
  number: 8,
  name: "retries",
  question: "Do retries help while some answers fail, without becoming a load of their own when all do?",
  isQuick: false,
  services: [tenSlots, tenSlots],
  config: {
    upstreams: { "service-2": { breaker: { statuses: [] } } },
    routes: [
      { id: "jobs", retry: {} },
      { id: "other", retry: {} },
    ],
  },
  classes: [{ ...gets, share: 55 }, posts, unbroken],
  phases: (isQuick) => [
    warmUp(isQuick, load),
    // Three times as much as the first service can serve, and twice as much as the second.
    { name: "crowd", seconds: isQuick ? 2 : 8, load: 5 },
    phaseWith("calm", 2),
    phaseWith("10 %", isQuick ? 3 : 10, failing(0.1)),
    // Before each of the next two, the budget spends what it saved in better times.
    phaseWith("begin of 30 %", 10, failing(0.3)),
    phaseWith("30 %", isQuick ? 3 : 10),
    phaseWith("begin of 100 %", 10, failing(1)),
    phaseWith("100 %", isQuick ? 3 : 10),
  ],
  thresholds: [
    ...successes,
    ...amplifications,
    {
      says: "GETs at a service without breaker for each admitted while 100 % of all answers are 503",
      of: (run) => receivedIn(run, "100 %", { service: 1 }) / admittedOf(classOf(run, "100 %", "unbroken")),
      unit: "ratio",
      atMost: 1.1,
    },
    { says: "POSTs at the service for each sent", of: postsPerPost, unit: "ratio", atMost: 1 },
    {
      says: "requests at the services for each admitted while the gateway sheds",
      // Those on their way as the phase begins and ends make a difference of their own.
      of: (run) =>
        (receivedIn(run, "crowd") + receivedIn(run, "crowd", { service: 1 })) / admittedOf(phaseOf(run, "crowd").all),
      unit: "ratio",
      atMost: 1.01,
    },
  ],
};
