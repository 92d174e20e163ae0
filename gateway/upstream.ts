import type { AttemptPlan, AttemptTarget } from "./attempt/attempts.ts";
import type { Policy } from "./balance/pool.ts";
import type { Permit } from "./acquire/concurrency.ts";
import type { Exchange } from "./exchange.ts";
import type { UpstreamView } from "./observe/events.ts";
import type { TargetOptions } from "./target.ts";

import { Concurrency } from "./acquire/concurrency.ts";
import { RetryBudget } from "./attempt/budget.ts";
import { compileHashKey } from "./balance/hash-key.ts";
import { BoundedHash } from "./balance/policy/bounded-hash.ts";
import { LeastRequest } from "./balance/policy/least-request.ts";
import { RoundRobin } from "./balance/policy/round-robin.ts";
import { WeightedRandom } from "./balance/policy/weighted-random.ts";
import { TargetPool } from "./balance/pool.ts";
import { UpstreamTarget } from "./target.ts";

/** One upstream in service: its permits, its targets with their breakers and connections. */
export class Upstream implements AttemptPlan {
  readonly name: string;
  readonly concurrency: Concurrency;
  /** WebSockets live long: they have places of their own, so that they leave the permits to requests. */
  readonly #webSockets: Concurrency;
  readonly failureStatuses: ReadonlySet<number>;
  readonly retryBudget: RetryBudget;
  readonly #pool: TargetPool<UpstreamTarget>;

  constructor(options: TargetOptions) {
    const { config, name } = options;
    const { limit, queue } = config.concurrency;
    this.name = name;
    // `knee` is refused when the configuration is loaded, until there is one.
    this.concurrency = new Concurrency({
      limit: typeof limit === "number" ? limit : config.concurrency.max,
      queueDepth: queue.depth,
      queueWaitMs: queue.wait,
    });
    this.#webSockets = new Concurrency({ limit: config.websockets.max, queueDepth: 0, queueWaitMs: 0 });
    this.failureStatuses = new Set(config.breaker.statuses);
    this.retryBudget = new RetryBudget(config.retryBudget);
    const targets = config.targets.map((target) => new UpstreamTarget(options, target));
    this.#pool = new TargetPool(targets, policyOf(options));
  }

  acquire(exchange: Exchange): Permit | Promise<Permit> {
    return (exchange.upgradeHead === undefined ? this.concurrency : this.#webSockets).acquire(exchange);
  }

  get targets(): readonly AttemptTarget[] {
    return this.#pool.targets;
  }

  pick(admits: (target: AttemptTarget) => boolean, exchange: Exchange): AttemptTarget | undefined {
    return this.#pool.pick(admits, exchange);
  }

  view(): UpstreamView {
    const { inFlight, queued, limit } = this.concurrency;
    const webSockets = this.#webSockets.inFlight;
    const targets = this.#pool.targets.map((target) => target.view());
    return { upstream: this.name, inFlight, queued, limit, webSockets, targets };
  }

  close(): void {
    for (const target of this.#pool.targets) target.close();
  }
}

function policyOf({ config, random }: TargetOptions): Policy<UpstreamTarget> {
  switch (config.balance) {
    case "round-robin":
      return new RoundRobin();
    case "random":
      return new WeightedRandom(random);
    case "hash":
      return new BoundedHash(compileHashKey(config.hashBy ?? "ip"), new LeastRequest(random));
    case "least-request":
      return new LeastRequest(random);
  }
}
