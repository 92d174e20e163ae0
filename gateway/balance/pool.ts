import type { Exchange, Target } from "../exchange/exchange.ts";

/** Chooses one of `candidates`, which is never empty, for an exchange. */
export interface Policy<T extends Target> {
  choose(candidates: readonly T[], exchange: Exchange): T;
}

/** An upstream's targets and the policy that chooses among those that may be asked. */
export class TargetPool<T extends Target> {
  readonly targets: readonly T[];
  readonly #policy: Policy<T>;

  constructor(targets: readonly T[], policy: Policy<T>) {
    this.targets = targets;
    this.#policy = policy;
  }

  /** A target that `admits` lets through, chosen by the policy; undefined where it lets none. */
  pick(admits: (target: T) => boolean, exchange: Exchange): T | undefined {
    const { targets } = this;
    if (targets.length === 1) {
      const only = targets[0] as T;
      return admits(only) ? only : undefined;
    }
    const candidates = targets.every(admits) ? targets : targets.filter(admits);
    return candidates.length === 0 ? undefined : this.#policy.choose(candidates, exchange);
  }
}
