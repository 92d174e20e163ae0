import type { ConfigPatch, Scenario, ScenarioPhase, ScenarioRun } from "../scenario.ts";
import type { Fault } from "../upstream/service.ts";

import { closedAfterSeconds, closingOf, fullRateAfterSeconds, openedAfterSeconds } from "./measures/outage.ts";
import { phaseOf } from "./measures/phase.ts";
import { receivedPerSecond } from "./measures/upstream-work.ts";
import { gets, tenSlots, warmUp } from "./ordinary.ts";

interface Death {
  readonly name: string;
  readonly question: string;
  readonly fault: Fault;
  /** What the service, or its machine, is asked in a phase, per second. */
  readonly askedPerSecond: (run: ScenarioRun, phase: string) => number;
  readonly config?: ConfigPatch;
}

/**
 * Long enough for the trial after the first 5 s of an open breaker to meet the fault still, and for the next one, up to
 * 10 s later, to find the service sound.
 */
function phasesOf(isQuick: boolean, fault: Fault): ScenarioPhase[] {
  return [
    warmUp(isQuick),
    { name: "base", seconds: isQuick ? 1 : 4, load: 0.5 },
    { name: "dying", seconds: 2, load: 0.5, control: { 0: { fault } } },
    { name: "dead", seconds: 6, load: 0.5 },
    { name: "repaired", seconds: 18, load: 0.5, control: { 0: { fault: { kind: "none" } } } },
  ];
}

function deathOf({ fault, askedPerSecond, ...rest }: Death): Scenario {
  return {
    number: 6,
    ...rest,
    isQuick: false,
    services: [tenSlots],
    classes: [gets],
    phases: (isQuick) => phasesOf(isQuick, fault),
    thresholds: [
      {
        says: "breaker open after the fault",
        of: (run) => openedAfterSeconds(run, "dying"),
        unit: "s",
        atMost: 2,
      },
      {
        says: "requests a second that the dead service is asked",
        of: (run) => askedPerSecond(run, "dead"),
        unit: "rps",
        atMost: 2,
      },
      {
        says: "breaker closed after the first trial due once repaired",
        of: (run) => closedAfterSeconds(run, "repaired"),
        unit: "s",
        atMost: 2,
      },
      {
        says: "full rate after the breaker closed",
        of: (run) => fullRateAfterSeconds(run, "repaired"),
        unit: "s",
        atMost: 5,
      },
      {
        says: "breaker seen open again",
        of: (run) => closingOf(run, "repaired").relapses,
        unit: "count",
        atMost: 0,
      },
    ],
  };
}

/** Nobody counts the connections that a closed port refuses; but each is an answer of the gateway's. */
function refusedPerSecond(run: ScenarioRun, phase: string): number {
  const { all, seconds } = phaseOf(run, phase);
  return (all.codes["upstream_refused"] ?? 0) / seconds;
}

export const deadRefused = deathOf({
  name: "dead-refused",
  question: "Is a service whose port is closed left alone, and taken back once it listens?",
  fault: { kind: "refuse" },
  askedPerSecond: refusedPerSecond,
});

export const deadFailing = deathOf({
  name: "dead-failing",
  question: "Is a service that answers 503 left alone, and taken back once it is well?",
  fault: { kind: "status", status: 503 },
  askedPerSecond: receivedPerSecond,
});

export const deadHung = deathOf({
  name: "dead-hung",
  question: "Is a service that never answers left alone, and taken back once it does?",
  fault: { kind: "black-hole" },
  askedPerSecond: receivedPerSecond,
  // Clients that leave first say nothing of the service: it must be given up before they give up.
  config: { upstreams: { "service-1": { timeouts: { headers: "500ms" } } } },
});
