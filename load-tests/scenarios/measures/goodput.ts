import type { ClassResult } from "../../generator/load-result.ts";
import type { ScenarioRun } from "../../scenario.ts";

import { phaseOf } from "./phase.ts";

/** Requests a second that were answered well and in time, of those that were due in a phase. */
export function goodputOf(run: ScenarioRun, phase: string): number {
  const { all, seconds } = phaseOf(run, phase);
  return all.good / seconds;
}

/** The best goodput of all phases. */
export function peakGoodput(run: ScenarioRun): number {
  return Math.max(...run.load.phases.map(({ name }) => goodputOf(run, name)));
}

/** Share of the requests that were answered well and in time; 1 of none. */
export function goodShare({ good, offered }: Pick<ClassResult, "good" | "offered">): number {
  return offered === 0 ? 1 : good / offered;
}

/** Share of the requests whose last answer was a 503 or a 429; 0 of none. */
export function shedShare({ shed, offered }: Pick<ClassResult, "shed" | "offered">): number {
  return offered === 0 ? 0 : shed / offered;
}

/** By how much less of the requests is answered well than in the phase before, as a share of what was. */
export function lossAgainst(before: ClassResult, during: ClassResult): number {
  return 1 - goodShare(during) / goodShare(before);
}
