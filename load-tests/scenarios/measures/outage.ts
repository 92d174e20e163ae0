import type { ScenarioRun } from "../../scenario.ts";

import { endsAtMs, phaseOf } from "./phase.ts";
import { recoverySeconds } from "./recovery.ts";

/** What became of the breaker after the service was repaired, in milliseconds since the start of the load. */
export interface Closing {
  /** When the first trial was due: the breaker was last seen open. */
  readonly dueMs: number;
  /** When it was first seen closed. */
  readonly closedMs: number;
  /** How often it was seen not closed afterwards. */
  readonly relapses: number;
}

/** Seconds from the beginning of a phase until the breaker was seen open, or the time until the load's end. */
export function openedAfterSeconds(run: ScenarioRun, phase: string): number {
  const { startsAtMs } = phaseOf(run, phase);
  const open = run.samples.find((sample) => sample.atMs >= startsAtMs && sample.breaker.includes("open"));
  return ((open?.atMs ?? loadEndsAtMs(run)) - startsAtMs) / 1000;
}

/** Follows the breaker from the beginning of a phase, in which the service is sound again. What never came is at the phase's end. */
export function closingOf(run: ScenarioRun, phase: string): Closing {
  const repaired = phaseOf(run, phase);
  const endMs = endsAtMs(repaired);
  const samples = run.samples
    .filter(({ atMs }) => atMs >= repaired.startsAtMs && atMs < endMs)
    .map(({ atMs, breaker }) => ({ atMs, isOpen: breaker.includes("open"), isClosed: breaker.every(isClosed) }));
  const firstTrial = samples.findIndex(({ isOpen }) => !isOpen);
  const closed = samples.findIndex((sample) => sample.isClosed);
  return {
    dueMs: firstTrial === -1 ? endMs : (samples[firstTrial - 1]?.atMs ?? repaired.startsAtMs),
    closedMs: samples[closed]?.atMs ?? endMs,
    relapses: closed === -1 ? 0 : samples.slice(closed).filter((sample) => !sample.isClosed).length,
  };
}

/** Seconds from the first trial due until the breaker was closed. */
export function closedAfterSeconds(run: ScenarioRun, phase: string): number {
  const { dueMs, closedMs } = closingOf(run, phase);
  // Never closed, it must not pass for one that closed at once.
  if (closedMs >= endsAtMs(phaseOf(run, phase))) return phaseOf(run, phase).seconds;
  return (closedMs - dueMs) / 1000;
}

/** Seconds from the breaker's closing until goodput is back, and stays. */
export function fullRateAfterSeconds(run: ScenarioRun, phase: string): number {
  const { closedMs } = closingOf(run, phase);
  if (closedMs >= endsAtMs(phaseOf(run, phase))) return phaseOf(run, phase).seconds;
  return recoverySeconds(run, phase, { fromMs: closedMs });
}

function isClosed(state: string): boolean {
  return state === "closed";
}

function loadEndsAtMs(run: ScenarioRun): number {
  return Math.max(...run.load.phases.map(endsAtMs));
}
