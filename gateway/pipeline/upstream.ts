import type { AttemptPlan, AttemptTarget } from "../attempt/attempts.ts";
import type { Policy } from "../balance/pool.ts";
import type { Limit } from "../acquire/limit/limit.ts";
import type { Clock } from "../exchange/clock.ts";
import type { Attempt, Exchange, UpstreamPermit } from "../exchange/exchange.ts";
import type { ConcurrencyConfig } from "../config/schema.ts";
import type { UpstreamView } from "../exchange/events.ts";
import type { TargetOptions } from "./target.ts";

import { Concurrency } from "../acquire/concurrency.ts";
import { FixedLimit } from "../acquire/limit/limit.ts";
import { Knee } from "../acquire/limit/knee.ts";
import { sampleOf } from "../acquire/limit/sample.ts";
import { RetryBudget } from "../attempt/budget.ts";
import { compileHashKey, BoundedHash } from "../balance/policy/bounded-hash.ts";
import { LeastRequest } from "../balance/policy/least-request.ts";
import { RoundRobin } from "../balance/policy/round-robin.ts";
import { WeightedRandom } from "../balance/policy/weighted-random.ts";
import { TargetPool } from "../balance/pool.ts";
import { UpstreamTarget } from "./target.ts";

/** One upstream in service: its permits, its targets with their breakers and connections. */
export class Upstream implements AttemptPlan {
  readonly name: string;
  readonly concurrency: Concurrency;
  readonly #limit: Limit;
  readonly #clock: Clock;
  /** WebSockets live long: they have places of their own, so that they leave the permits to requests. */
  readonly #webSockets: Concurrency;
  readonly failureStatuses: ReadonlySet<number>;
  readonly retryBudget: RetryBudget;
  readonly #pool: TargetPool<UpstreamTarget>;

  constructor(options: TargetOptions) {
    const { config, name, clock } = options;
    const { depth: queueDepth, wait: queueWaitMs } = config.concurrency.queue;
    this.name = name;
    this.#clock = clock;
    this.#limit = limitOf(config.concurrency);
    this.concurrency = new Concurrency({ clock, limit: this.#limit, queueDepth, queueWaitMs });
    const webSockets = new FixedLimit(config.websockets.max);
    this.#webSockets = new Concurrency({ clock, limit: webSockets, queueDepth: 0, queueWaitMs: 0 });
    this.failureStatuses = new Set(config.breaker.statuses);
    this.retryBudget = new RetryBudget(config.retryBudget);
    const targets = config.targets.map((target) => new UpstreamTarget(options, target));
    this.#pool = new TargetPool(targets, policyOf(options));
  }

  acquire(exchange: Exchange): UpstreamPermit | Promise<UpstreamPermit> {
    return (exchange.isUpgrade ? this.#webSockets : this.concurrency).acquire(exchange);
  }

  get targets(): readonly AttemptTarget[] {
    return this.#pool.targets;
  }

  pick(admits: (target: AttemptTarget) => boolean, exchange: Exchange): AttemptTarget | undefined {
    return this.#pool.pick(admits, exchange);
  }

  ended(attempt: Attempt, isBlamed: boolean): void {
    const sample = sampleOf(attempt, isBlamed, this.#clock.now());
    if (sample !== undefined) this.concurrency.ended(sample);
  }

  view(): UpstreamView {
    const { inFlight, queued, queuedBy, limit, cuts: contendedCuts } = this.concurrency;
    const knee = this.#limit instanceof Knee ? this.#limit.view : undefined;
    const webSockets = this.#webSockets.inFlight;
    const targets = this.#pool.targets.map((target) => target.view());
    const kind = knee === undefined ? "fixed" : "knee";
    const permits = { inFlight, queued, queuedBy, limit, limitKind: kind, contendedCuts } as const;
    return { upstream: this.name, ...permits, knee, webSockets, targets };
  }

  close(): void {
    for (const target of this.#pool.targets) target.close();
  }
}

function limitOf({ limit, min, max, slo }: ConcurrencyConfig): Limit {
  return limit === "knee" ? new Knee({ min, max, sloMs: slo }) : new FixedLimit(limit);
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
