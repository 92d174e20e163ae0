import type { RateLimitConfig } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { ClientKey } from "./client-key.ts";
import type { SharedQuota } from "./shared-quota.ts";

import { Failure } from "../failures/failure.ts";
import { compileClientKey, concealed } from "./client-key.ts";
import { gcra } from "./gcra.ts";
import { QuotaTable } from "./quota-table.ts";

export interface RateLimitOptions {
  readonly config: RateLimitConfig;
  /** 0 ≤ x < 1, for who is forgotten first. */
  readonly random: () => number;
  /** Where the quota is shared with other gateways. */
  readonly shared: SharedQuota | undefined;
}

/**
 * A route's rate limit. This gateway's own count comes first, always: it costs no wait, keeps a flood away from the
 * store, and is what holds where the store does not answer.
 */
export class RateLimit {
  readonly #keyOf: ClientKey;
  readonly #table: QuotaTable;
  readonly #shared: SharedQuota | undefined;
  readonly #failsOpen: boolean;
  readonly #sharedKey: (key: string) => string;
  readonly #policy: string;
  readonly #name: string;

  constructor({ config, random, shared }: RateLimitOptions) {
    this.#keyOf = compileClientKey(config.by);
    this.#table = new QuotaTable(gcra(config), { capacity: config.maxClients, random });
    this.#shared = shared;
    this.#failsOpen = config.failMode === "open";
    this.#sharedKey = config.by.startsWith("header:") ? concealed : (key) => key;
    this.#name = `"${config.by.toLowerCase()}"`;
    this.#policy = `${this.#name};q=${config.requests}${windowOf(config.per)}`;
  }

  /** Lets the request pass or throws. Waits only where the quota is shared. Failures: rate_limited, dependency_unavailable. */
  admit(exchange: Exchange): Promise<void> | undefined {
    const key = this.#keyOf(exchange);
    const wait = this.#table.take(key, exchange.clock.now());
    if (wait > 0) throw this.#refusal(wait);
    if (this.#shared === undefined) return;
    const verdict = this.#shared.take(this.#sharedKey(key));
    if (verdict instanceof Promise) return verdict.then(this.#judge);
    this.#judge(verdict);
  }

  readonly #judge = (wait: number | undefined): void => {
    if (wait === undefined) {
      if (this.#failsOpen) return;
      throw new Failure("dependency_unavailable");
    }
    if (wait > 0) throw this.#refusal(wait);
  };

  /** RateLimit and RateLimit-Policy by draft-ietf-httpapi-ratelimit-headers-10: whole numbers, and a name of ours. */
  #refusal(waitMs: number): Failure {
    const seconds = Math.ceil(waitMs / 1000);
    return new Failure("rate_limited", {
      retryAfterMs: waitMs,
      headers: [
        ["ratelimit-policy", this.#policy],
        ["ratelimit", `${this.#name};r=0;t=${seconds}`],
      ],
    });
  }
}

/** The draft's `w` is whole seconds and may be left out. */
function windowOf(perMs: number): string {
  return perMs % 1000 === 0 ? `;w=${perMs / 1000}` : "";
}
