import { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

import type { Clock, TimerHandle } from "../clock.ts";
import type { QuotaStoreConfig, RateLimitConfig } from "../config/schema.ts";
import type { Report } from "../observe/events.ts";

import { gcraScript, scriptBurst } from "./gcra-script.ts";

/** A route's quota, as all gateways on one store share it. */
export interface SharedQuota {
  /** Answers 0, or the milliseconds until there is a request to take; undefined where the store does not answer. */
  take(key: string): number | undefined | Promise<number | undefined>;
}

export interface QuotaStoreOptions {
  readonly config: QuotaStoreConfig;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter between attempts to connect. */
  readonly random: () => number;
  readonly report: Report;
}

const maxReasonLength = 200;
const firstPauseMs = 50;
const longestPauseMs = 1000;
/** For connecting and the handshake, which no request waits for. */
const connectMs = 1000;

/**
 * The connection to the store of shared quotas. One fault takes the store out of use: whoever waits is told so within
 * `timeout`, nobody else waits at all, and the way back is a new connection that passes Redis's ready check, tried in
 * the background. So a dead store costs one timeout and then nothing.
 */
export class QuotaStore {
  readonly #options: QuotaStoreOptions;
  readonly #redis: Redis;
  #isUp = false;
  #isClosed = false;
  /** What was last reported; at the start nothing was. */
  #reported: "up" | "down" | undefined;
  /** Since the store last answered: so many times it failed to. */
  #faults = 0;

  constructor(options: QuotaStoreOptions) {
    this.#options = options;
    const { url, timeout } = options.config;
    this.#redis = new Redis(url, {
      connectTimeout: connectMs,
      commandTimeout: Math.max(connectMs, timeout),
      disconnectTimeout: timeout,
      // Nothing is kept for later: a quota that is taken late was taken for nobody.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
      retryStrategy: (times) => this.#pauseMs(times),
    });
    this.#redis.on("ready", () => this.#rise());
    this.#redis.on("error", (error: Error) => this.fail(error));
    this.#redis.on("close", () => this.#fall("connection closed"));
  }

  /** Whether a request may wait for it. */
  get isUp(): boolean {
    return this.#isUp;
  }

  quota(route: string, config: RateLimitConfig): SharedQuota {
    return new RedisQuota(this, { route, config, redis: this.#redis, store: this.#options });
  }

  /** The store answered. */
  succeed(): void {
    this.#faults = 0;
  }

  /** The store failed: out of use until it is connected anew. */
  fail(error: Error): void {
    const wasUp = this.#isUp;
    this.#fall(error.message.slice(0, maxReasonLength));
    if (wasUp) this.#redis.disconnect(true);
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#redis.disconnect();
  }

  #rise(): void {
    if (this.#isClosed) return;
    this.#isUp = true;
    if (this.#reported !== "up") this.#options.report({ event: "quota_store", state: "up" });
    this.#reported = "up";
  }

  #fall(reason: string): void {
    if (this.#isClosed) return;
    if (this.#isUp) this.#faults += 1;
    this.#isUp = false;
    if (this.#reported !== "down") this.#options.report({ event: "quota_store", state: "down", reason });
    this.#reported = "down";
  }

  /** Doubles up to a second, with half of it at random: gateways that lost one store do not return to it as one. */
  #pauseMs(attempts: number): number {
    const bound = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(10, Math.max(attempts, this.#faults)));
    return bound * (0.5 + this.#options.random() / 2);
  }
}

interface RedisQuotaOptions {
  readonly route: string;
  readonly config: RateLimitConfig;
  readonly redis: Redis;
  readonly store: QuotaStoreOptions;
}

class RedisQuota implements SharedQuota {
  readonly #store: QuotaStore;
  readonly #limiter: RateLimiterRedis;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #consume: { readonly customDuration: number };

  constructor(store: QuotaStore, { route, config, redis, store: { config: redisConfig, clock } }: RedisQuotaOptions) {
    const { points, durationSeconds, ttlSeconds } = scriptBurst(config);
    this.#store = store;
    this.#clock = clock;
    this.#timeoutMs = redisConfig.timeout;
    this.#consume = { customDuration: ttlSeconds };
    this.#limiter = new RateLimiterRedis({
      storeClient: redis,
      points,
      duration: durationSeconds,
      keyPrefix: `${redisConfig.prefix}:${route}`,
      customIncrTtlLuaScript: gcraScript,
    });
  }

  take(key: string): undefined | Promise<number | undefined> {
    return this.#store.isUp ? this.#ask(key) : undefined;
  }

  async #ask(key: string): Promise<number | undefined> {
    using patience = new Patience(this.#clock, this.#timeoutMs);
    try {
      await Promise.race([this.#limiter.consume(key, 1, this.#consume), patience.ended]);
    } catch (thrown) {
      // The library rejects with a result where the quota is used up, and with an error for anything else.
      if (!(thrown instanceof RateLimiterRes)) {
        this.#store.fail(thrown as Error);
        return undefined;
      }
      this.#store.succeed();
      return Math.max(1, thrown.msBeforeNext);
    }
    this.#store.succeed();
    return 0;
  }
}

/** How long one request waits for the store. */
class Patience implements Disposable {
  readonly #clock: Clock;
  readonly #timer: TimerHandle;
  readonly #settled = Promise.withResolvers<never>();

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timer = clock.setTimeout(expire, timeoutMs, this.#settled);
  }

  /** Rejects when patience is at its end. */
  get ended(): Promise<never> {
    return this.#settled.promise;
  }

  [Symbol.dispose](): void {
    this.#clock.clearTimeout(this.#timer);
  }
}

/** Timers fire before sockets are read: after a stall of our own, an answer that is there already still counts. */
function expire({ reject }: PromiseWithResolvers<never>): void {
  setImmediate(reject, new Error("no answer in time"));
}
