import { test } from "node:test";

import type { SimulationTally } from "./simulation-tally.ts";
import type { SimulatedPhase, SimulationSetting } from "./simulation.ts";

import { Knee } from "../../gateway/acquire/limit/knee.ts";
import { bucketMs } from "./simulation-tally.ts";
import { Simulation } from "./simulation.ts";

/** As shipped: `slo` is a tenth of the default headers timeout. */
const limit = (): Knee => new Knee({ min: 3, max: 1000, sloMs: 500 });

export function runKnee(setting: Omit<SimulationSetting, "limit">): Promise<readonly SimulationTally[]> {
  return new Simulation({ ...setting, limit }).run();
}

/** Before, meanwhile and after. */
export async function play(
  setting: Omit<SimulationSetting, "limit">,
): Promise<readonly [SimulationTally, SimulationTally, SimulationTally]> {
  return (await runKnee(setting)) as unknown as readonly [SimulationTally, SimulationTally, SimulationTally];
}

/** `phase` for a while, between two of 3 s and 4 s at `quietRate`. */
export function between(quietRate: number, phase: SimulatedPhase): readonly SimulatedPhase[] {
  return [{ durationMs: 3000, rate: quietRate }, phase, { durationMs: 4000, rate: quietRate }];
}

/** Good answers a second, as a share of what the upstream can do. */
export function goodput({ good }: SimulationTally, seconds: number, capacity: number): number {
  return good / seconds / capacity;
}

/** After how many milliseconds of the phase all but 3 % are served for good. */
export function recoveryMs({ buckets }: SimulationTally): number {
  return (buckets.findLastIndex(({ offered, good }) => good < 0.97 * offered) + 1) * bucketMs;
}

/** Requests that arrived later than 2 s into the phase and were not served, as a share. */
export function lostLater({ buckets }: SimulationTally): number {
  const late = buckets.slice(2000 / bucketMs);
  const sum = (key: "offered" | "good"): number => late.reduce((total, bucket) => total + bucket[key], 0);
  return 1 - sum("good") / sum("offered");
}

/** Below which all but a hundredth of the good answers are, in milliseconds. */
export function p99({ latencies }: SimulationTally): number {
  return latencies.toSorted((one, other) => one - other)[Math.floor(latencies.length * 0.99)] ?? NaN;
}

export function each(name: string, run: (seed: number) => Promise<void>, seeds: readonly number[] = [1]): void {
  for (const seed of seeds) test(`${name} (seed ${seed})`, () => run(seed));
}
