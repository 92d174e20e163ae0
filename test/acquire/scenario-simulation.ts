import type { Limit } from "../../gateway/acquire/limit/limit.ts";
import type { Bucket, ClassResult, PhaseResult } from "../../load-tests/generator/load-result.ts";
import type { Scenario, ScenarioRun } from "../../load-tests/scenario.ts";
import type { SimulationTally } from "./simulation-tally.ts";
import type { SimulatedPhase, SimulationSetting } from "./simulation.ts";

import { bucketMs } from "./simulation-tally.ts";
import { Simulation } from "./simulation.ts";

/** What stands between the load and the service: all that differs from one subject to the next. */
export interface LimitedSubject {
  readonly name: string;
  readonly setting: string;
  readonly makeLimit: () => Limit;
  /** A line as long as it takes, first come, first served, each for at most this long; default: the gateway's own. */
  readonly fifoWaitMs?: number;
}

/**
 * Plays a scenario in simulated time: the same load, service, patience and measures as on the stage, and
 * nothing of what a machine adds. Where both agree, the machine was not the reason; where a limit fails here, it is the
 * rule.
 */
export async function playScenario(scenario: Scenario, subject: LimitedSubject, seed: number): Promise<ScenarioRun> {
  const { slots, meanMs } = scenario.services[0]!;
  const capacity = (slots / meanMs) * 1000;
  const simulation = new Simulation({ ...settingOf(scenario, subject, capacity), seed });
  const tallies = await simulation.run();
  let startsAtMs = 0;
  const phases = scenario.phases(false).map(({ name, seconds, load, per }, index): PhaseResult => {
    const all = resultOf(tallies[index]!);
    const phase = { name, seconds, ratePerSecond: load * (per ?? capacity), startsAtMs, all, byClass: {} };
    startsAtMs += seconds * 1000;
    return phase;
  });
  const buckets = phases.flatMap((phase, index) => bucketsOf(phase, tallies[index]!, simulation.goodEnds));
  const offered = phases.reduce((sum, { all }) => sum + all.offered, 0);
  const validity = { isValid: true, reasons: [], lagP99Ms: 0, dropped: 0, offered };
  const load = { phases, buckets, attackers: [], validity };
  return { load, capacity, samples: [], counters: {}, end: [], notes: {} };
}

function settingOf(scenario: Scenario, subject: LimitedSubject, capacity: number): Omit<SimulationSetting, "seed"> {
  const { slots, meanMs, sigma, noticesLeaving } = scenario.services[0]!;
  const { makeLimit: limit, fifoWaitMs } = subject;
  // In the gateway's own queue the critical keep their order and the whole wait, as everybody does in such a line.
  const priority = fifoWaitMs === undefined ? "normal" : "critical";
  const kinds = [{ share: 1, serviceMs: meanMs, priority } as const];
  let slowdown = 1;
  let shiftMs = 0;
  const phases = scenario.phases(false).map(({ seconds, load, per, control }): SimulatedPhase => {
    slowdown = control?.[0]?.slowdown ?? slowdown;
    shiftMs = control?.[0]?.addedMs ?? shiftMs;
    return { durationMs: seconds * 1000, rate: load * (per ?? capacity), kinds, slowdown, shiftMs };
  });
  return {
    slots,
    limit,
    phases,
    gateways: scenario.gateways ?? 1,
    patienceMs: scenario.classes[0]!.deadlineMs,
    ...(sigma !== undefined && { sigma }),
    ...(noticesLeaving !== undefined && { noticesLeaving }),
    ...(fifoWaitMs !== undefined && { queueDepth: Infinity, queueWaitMs: fifoWaitMs }),
  };
}

/** Offered by the moment of arrival, good by the moment of the answer, as the generator counts. */
function bucketsOf({ name, startsAtMs }: PhaseResult, tally: SimulationTally, goodEnds: readonly number[]): Bucket[] {
  return tally.buckets.map(({ offered, shed }, index) => {
    const atMs = startsAtMs + index * bucketMs;
    const good = goodEnds[atMs / bucketMs] ?? 0;
    const blank = { failed: 0, goodP50Ms: 0, goodP99Ms: 0, goodByClass: {} };
    return { atMs, phase: name, offered, good, shed, ...blank };
  });
}

const noLatency = { count: 0, p50: 0, p90: 0, p99: 0, max: 0 };

function resultOf({ offered, good, shed, goodBy, latencies }: SimulationTally): ClassResult {
  const counted = { offered, good, shed, late: offered - good - shed, goodByPort: goodBy, sent: offered };
  const none = { left: 0, broken: 0, refused: 0, withoutRetryAfter: 0, statuses: {}, codes: {} };
  const sorted = latencies.toSorted((one, other) => one - other);
  return { ...counted, ...none, shedMs: noLatency, queuedShedMs: noLatency, goodMs: latencyOf(sorted) };
}

function latencyOf(sorted: readonly number[]): ClassResult["goodMs"] {
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}
