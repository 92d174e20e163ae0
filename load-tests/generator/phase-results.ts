import type { PhaseResult } from "./load-result.ts";
import type { LoadPlan } from "./plan.ts";

import { Tally } from "./tally.ts";

/** By phase, then by class, as they stand in the plan. */
export type Tallies = readonly (readonly Tally[])[];

export function makeTallies({ phases, classes, ports }: LoadPlan): Tallies {
  return phases.map(() => classes.map(() => new Tally(ports.length)));
}

/** All of a plan's tallies in one. */
export function sumOf(tallies: Tallies, portCount: number): Tally {
  const sum = new Tally(portCount);
  for (const tally of tallies.flat()) sum.add(tally);
  return sum;
}

export function phaseResults(plan: LoadPlan, tallies: Tallies, startsAtMs: readonly number[]): readonly PhaseResult[] {
  return plan.phases.map(({ name, seconds, ratePerSecond }, place) => {
    const ofPhase = tallies[place] ?? [];
    return {
      name,
      seconds,
      ratePerSecond,
      startsAtMs: startsAtMs[place] ?? 0,
      all: sumOf([ofPhase], plan.ports.length).result(),
      byClass: Object.fromEntries(plan.classes.map((one, index) => [one.name, ofPhase[index]?.result()])) as Record<
        string,
        ReturnType<Tally["result"]>
      >,
    };
  });
}
