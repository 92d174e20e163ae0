import type { Target } from "../../exchange.ts";
import type { Policy } from "../pool.ts";

/** Draws a target at random, in proportion to the weights. */
export class WeightedRandom<T extends Target> implements Policy<T> {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  choose(candidates: readonly T[]): T {
    let total = 0;
    for (const target of candidates) total += target.weight;
    let left = this.#random() * total;
    for (const target of candidates) {
      left -= target.weight;
      if (left < 0) return target;
    }
    return candidates.at(-1) as T;
  }
}
