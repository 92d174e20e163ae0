import type { Target } from "../../exchange/exchange.ts";
import type { Policy } from "../pool.ts";

/**
 * Smooth weighted round-robin: each target gains its weight, the richest is taken and pays the total. Weights 5, 1, 1
 * give a a b a c a a and not five of a in a row. Source: NGINX, ngx_http_upstream_get_peer.
 */
export class RoundRobin<T extends Target> implements Policy<T> {
  readonly #credit = new Map<T, number>();

  choose(candidates: readonly T[]): T {
    let total = 0;
    let best = candidates[0] as T;
    let most = -Infinity;
    for (const target of candidates) {
      const credit = (this.#credit.get(target) ?? 0) + target.weight;
      this.#credit.set(target, credit);
      total += target.weight;
      if (credit > most) {
        best = target;
        most = credit;
      }
    }
    this.#credit.set(best, most - total);
    return best;
  }
}
