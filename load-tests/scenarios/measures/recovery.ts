import type { Bucket } from "../../generator/load-result.ts";
import type { ScenarioRun } from "../../scenario.ts";

import { endsAtMs, phaseOf } from "./phase.ts";

/** A second, in buckets: shorter windows would judge the dice of the arrivals. */
const windowBuckets = 4;
const enough = 0.95;

export interface RecoveryOptions {
  /** From when on, in milliseconds since the start of the load; default: from the start of the phase. */
  readonly fromMs?: number;
}

/**
 * Seconds until goodput is back, and stays: from then on every window of a second up to the end of the phase has at
 * least 95 % as many good answers as requests were due in it. Exact to a quarter of a second. What never recovers is
 * told as the whole time that was watched.
 */
export function recoverySeconds(run: ScenarioRun, phase: string, { fromMs }: RecoveryOptions = {}): number {
  const watched = phaseOf(run, phase);
  const beginsMs = fromMs ?? watched.startsAtMs;
  const buckets = run.load.buckets.filter(({ atMs }) => atMs >= beginsMs && atMs < endsAtMs(watched));
  let recoveredMs = endsAtMs(watched);
  for (let first = buckets.length - windowBuckets; first >= 0; first -= 1) {
    const window = buckets.slice(first, first + windowBuckets);
    if (sumOf(window, "good") < enough * sumOf(window, "offered")) break;
    recoveredMs = window[0]?.atMs ?? recoveredMs;
  }
  return Math.max(0, recoveredMs - beginsMs) / 1000;
}

function sumOf(buckets: readonly Bucket[], member: "good" | "offered"): number {
  return buckets.reduce((sum, bucket) => sum + bucket[member], 0);
}
