import type { Target } from "../../exchange/exchange.ts";
import type { Policy } from "../pool.ts";

/** Draws a target at random, in proportion to the weights. */
export class WeightedRandom<T extends Target> implements Policy<T> {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  choose(candidates: readonly T[]): T {
    return draw(candidates, this.#random());
  }
}

/** The candidate at `at` (0 ≤ at < 1) of the line on which each has a stretch as long as its weight; `except` has none. */
export function draw<T extends Target>(candidates: readonly T[], at: number, except?: T): T {
  let total = 0;
  for (const target of candidates) if (target !== except) total += target.weight;
  let left = at * total;
  let last = candidates[0] as T;
  for (const target of candidates) {
    if (target === except) continue;
    left -= target.weight;
    if (left < 0) return target;
    last = target;
  }
  return last;
}
