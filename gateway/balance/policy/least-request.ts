import type { Target } from "../../exchange/exchange.ts";
import type { Policy } from "../pool.ts";

import { draw } from "./weighted-random.ts";

/**
 * Power of two choices: draws two targets by weight and takes the one with fewer attempts under way for its weight, the
 * first where they are equal; so idle targets share by weight, and none is left without any. Nearly as even as looking
 * at all of them, without every gateway rushing at the same idle target.
 * Source: Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001.
 */
export class LeastRequest<T extends Target> implements Policy<T> {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  choose(candidates: readonly T[]): T {
    const one = draw(candidates, this.#random());
    if (candidates.length === 1) return one;
    const other = draw(candidates, this.#random(), one);
    return other.inFlight * one.weight < one.inFlight * other.weight ? other : one;
  }
}
