import type { Target } from "../../exchange.ts";
import type { Policy } from "../pool.ts";

/**
 * Power of two choices: draws two targets at random and takes the one with fewer attempts under way for its weight.
 * Nearly as even as looking at all of them, without every gateway rushing at the same idle target.
 * Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001.
 */
export class LeastRequest<T extends Target> implements Policy<T> {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  choose(candidates: readonly T[]): T {
    const count = candidates.length;
    const first = Math.floor(this.#random() * count);
    if (count === 1) return candidates[first] as T;
    const second = (first + 1 + Math.floor(this.#random() * (count - 1))) % count;
    const one = candidates[first] as T;
    const other = candidates[second] as T;
    return (other.inFlight + 1) / other.weight < (one.inFlight + 1) / one.weight ? other : one;
  }
}
