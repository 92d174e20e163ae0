import type { ScenarioRun } from "../scenario.ts";

import { phaseOf } from "../scenarios/measures/phase.ts";

/** What a limit is given to find its level after a change; what a phase makes good is counted from here on. */
const settledAfterMs = 2_000;
const bucketSeconds = 0.25;

/** Good answers a second in a phase, once it has settled: by the moment of their end, which is what capacity bounds. */
export function settledGoodput(run: ScenarioRun, phase: string): number {
  const from = phaseOf(run, phase).startsAtMs + settledAfterMs;
  const buckets = run.load.buckets.filter((bucket) => bucket.phase === phase && bucket.atMs >= from);
  return buckets.reduce((sum, { good }) => sum + good, 0) / (buckets.length * bucketSeconds);
}
