import assert from "node:assert/strict";

import type { SimulationTally } from "./simulation-tally.ts";

import { p99, runKnee } from "./knee-runs.ts";

const loads = [0.5, 0.8, 1, 1.5, 2, 3, 5];

interface Sweep {
  readonly slots: number;
  /** Of each phase. */
  readonly seconds: number;
  readonly seeds: readonly number[];
}

/**
 * Raises the load step by step on services of 20 ms. What a jump does not show: at a load of 1 the requests at the
 * upstream float below the limit, and a rule that takes them for the limit raises both without end.
 */
export async function assertFlat({ slots, seconds, seeds }: Sweep): Promise<void> {
  const threes: number[] = [];
  const fives: number[] = [];
  for (const seed of seeds) {
    const tallies = await sweepOf({ slots, seconds, seed });
    const [calm, busy] = [tallies[1], tallies[2]] as [SimulationTally, SimulationTally];
    const [three, five] = [tallies[6], tallies[7]] as [SimulationTally, SimulationTally];
    assert.ok(p99(three) <= 2 * p99(calm), `seed ${seed}: p99 of ${p99(three)} ms after ${p99(calm)}`);
    assert.ok(busy.shed <= 0.01 * busy.offered, `seed ${seed}: ${busy.shed} shed at 0.8 ×`);
    const peak = Math.max(...tallies.slice(1).map(({ good }) => good));
    threes.push(three.good / peak);
    fives.push(five.good / peak);
  }
  // The peak is the luckiest phase of seven: a single run of two seconds would judge the dice.
  assert.ok(mean(threes) >= 0.95, `${mean(threes)} of the peak at 3 ×`);
  assert.ok(mean(fives) >= 0.9, `${mean(fives)} of the peak at 5 ×`);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sweepOf({
  slots,
  seconds,
  seed,
}: Omit<Sweep, "seeds"> & { seed: number }): Promise<readonly SimulationTally[]> {
  const warmUp = { durationMs: seconds > 3 ? 3000 : 1000, rate: 25 * slots };
  const steps = loads.map((load) => ({ durationMs: seconds * 1000, rate: load * 50 * slots }));
  return runKnee({ seed, slots, phases: [warmUp, ...steps] });
}
