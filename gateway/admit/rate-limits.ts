import type { Config } from "../config/schema.ts";
import type { Exchange } from "../exchange.ts";
import type { QuotaStoreOptions } from "./shared-quota.ts";

import { RateLimit } from "./rate-limit.ts";
import { QuotaStore } from "./shared-quota.ts";

export interface RateLimitsOptions extends Omit<QuotaStoreOptions, "config"> {
  readonly config: Pick<Config, "redis" | "routes">;
}

/** The rate limits of a configuration's routes, and the store that some of them share. */
export class RateLimits {
  readonly #store: QuotaStore | undefined;
  readonly #byRoute = new Map<string, RateLimit>();

  constructor({ config: { redis, routes }, ...rest }: RateLimitsOptions) {
    const isStoreUsed = routes.some((route) => route.rateLimit?.shared === true);
    this.#store = redis === undefined || !isStoreUsed ? undefined : new QuotaStore({ ...rest, config: redis });
    for (const { id, rateLimit: config } of routes) {
      if (config === undefined) continue;
      const shared = config.shared ? this.#store?.quota(id, config) : undefined;
      this.#byRoute.set(id, new RateLimit({ config, random: rest.random, shared }));
    }
  }

  /** See RateLimit.admit; a route without a limit lets everything pass. */
  admit(route: string, exchange: Exchange): void | Promise<void> {
    return this.#byRoute.get(route)?.admit(exchange);
  }

  close(): void {
    this.#store?.close();
  }
}
