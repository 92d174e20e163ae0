import { isDeepStrictEqual } from "node:util";

import type { Config, RateLimitConfig } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { QuotaStoreOptions } from "./shared-quota.ts";

import { RateLimit } from "./rate-limit.ts";
import { QuotaStore } from "./shared-quota.ts";

export interface RateLimitsOptions extends Omit<QuotaStoreOptions, "config"> {
  readonly config: Pick<Config, "redis" | "routes">;
}

/** The rate limits of a configuration's routes, and the store that some of them share. */
export class RateLimits {
  readonly #redis: Config["redis"];
  readonly #store: QuotaStore | undefined;
  readonly #byRoute = new Map<string, RouteLimit>();

  /** What `previous` has the same is taken over: nobody gets a fresh burst because of another route's change. */
  constructor({ config: { redis, routes }, ...rest }: RateLimitsOptions, previous?: RateLimits) {
    this.#redis = redis;
    const isStoreUsed = routes.some((route) => route.rateLimit?.shared === true);
    if (redis !== undefined && isStoreUsed) {
      this.#store = (previous && previous.#storeOf(redis)) ?? new QuotaStore({ ...rest, config: redis });
    }
    for (const { id, rateLimit: config } of routes) {
      if (config === undefined) continue;
      const standing = previous && previous.#limitOf(id, config, this.#store);
      const shared = config.shared ? this.#store?.quota(id, config) : undefined;
      this.#byRoute.set(id, standing ?? { config, limit: new RateLimit({ config, random: rest.random, shared }) });
    }
  }

  /** The store, where it is this one. */
  #storeOf(redis: Config["redis"]): QuotaStore | undefined {
    return isDeepStrictEqual(redis, this.#redis) ? this.#store : undefined;
  }

  #limitOf(id: string, config: RateLimitConfig, store: QuotaStore | undefined): RouteLimit | undefined {
    const held = this.#byRoute.get(id);
    const isSame = isDeepStrictEqual(held?.config, config) && (!config.shared || store === this.#store);
    return isSame ? held : undefined;
  }

  /** See RateLimit.admit; a route without a limit lets everything pass. */
  admit(route: string, exchange: Exchange): Promise<void> | undefined {
    return this.#byRoute.get(route)?.limit.admit(exchange);
  }

  /** Leaves the store to `next` where that has taken it over. */
  close(next?: RateLimits): void {
    if (next === undefined || next.#store !== this.#store) this.#store?.close();
  }
}

interface RouteLimit {
  readonly config: RateLimitConfig;
  readonly limit: RateLimit;
}
