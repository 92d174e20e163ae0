import type { LoadPlan } from "../generator/plan.ts";
import type { Scenario, ScenarioPhase } from "../scenario.ts";

export interface PlanOptions {
  readonly phases: readonly ScenarioPhase[];
  /** Requests per second that a load of 1 means, where a phase does not say. */
  readonly capacity: number;
  readonly ports: readonly number[];
  readonly seed: number;
}

/** A scenario in the generator's own terms: multiples of the capacity become requests per second. */
export function loadPlan(
  { classes, answerMs, attackers }: Pick<Scenario, "classes" | "answerMs" | "attackers">,
  { phases, capacity, ports, seed }: PlanOptions,
): LoadPlan {
  return {
    seed,
    ports,
    classes,
    phases: phases.map(({ name, seconds, load, per, spacing }) => ({
      name,
      seconds,
      ratePerSecond: load * (per ?? capacity),
      ...(spacing === undefined ? {} : { spacing }),
    })),
    ...(answerMs === undefined ? {} : { answerMs }),
    ...(attackers === undefined ? {} : { attackers }),
  };
}
