import type * as client from "ioredis";
import type * as limiter from "rate-limiter-flexible";

import { createRequire } from "node:module";

import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { QuotaStoreConfig, RateLimitConfig } from "../config/schema.ts";
import type { Report } from "../exchange/events.ts";

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
/** For connecting, the handshake and late answers, which no request waits for. */
const patienceMs = 1000;

/**
 * The connection to the store of shared quotas. While an answer is late nobody else waits; a second late one in a row,
 * or any other fault, takes the store out of use, and the way back is a new connection that passes Redis's ready
 * check, tried in the background. So a dead store costs whoever waits just then one timeout, and then nothing.
 */
export class QuotaStore {
  readonly #options: QuotaStoreOptions;
  readonly #redis: client.Redis;
  #isConnected = false;
  /** An answer is late. */
  #isDoubted = false;
  #wasLate = false;
  #isClosed = false;
  /** What was last reported; at the start nothing was. */
  #reported: "up" | "down" | undefined;
  /** Since the store last answered in time: so often it was lost. */
  #losses = 0;

  constructor(options: QuotaStoreOptions) {
    this.#options = options;
    const { url, timeout } = options.config;
    const { Redis } = loadClient();
    this.#redis = new Redis(url, {
      connectTimeout: patienceMs,
      commandTimeout: Math.max(patienceMs, timeout),
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
    return this.#isConnected && !this.#isDoubted;
  }

  quota(route: string, config: RateLimitConfig): SharedQuota {
    return new RedisQuota(this, { route, config, redis: this.#redis, store: this.#options });
  }

  /** It answered in time. */
  succeed(): void {
    this.#wasLate = false;
    this.#losses = 0;
  }

  /** An answer is late; `answer` settles when it is there, or known not to come. */
  doubt(answer: Promise<unknown>): void {
    if (!this.isUp) return;
    if (this.#wasLate) return this.fail(new Error("answers too late"));
    this.#isDoubted = this.#wasLate = true;
    answer.then(
      () => this.#trust(),
      (thrown: unknown) => (isRefusal(thrown) ? this.#trust() : this.fail(thrown as Error)),
    );
  }

  /** It failed: out of use until it is connected anew. */
  fail(error: Error): void {
    const wasConnected = this.#isConnected;
    this.#fall(error.message.slice(0, maxReasonLength));
    if (wasConnected) this.#redis.disconnect(true);
  }

  /** Asks nothing more. Who waits for an answer still gets it. */
  close(): void {
    this.#isClosed = true;
    this.#isConnected = false;
    this.#redis.quit().catch(() => this.#redis.disconnect());
  }

  #trust(): void {
    this.#isDoubted = false;
  }

  #rise(): void {
    if (this.#isClosed) return;
    this.#isConnected = true;
    this.#isDoubted = this.#wasLate = false;
    if (this.#reported !== "up") this.#options.report({ event: "quota_store", state: "up" });
    this.#reported = "up";
  }

  #fall(reason: string): void {
    if (this.#isClosed) return;
    if (this.#isConnected) this.#losses += 1;
    this.#isConnected = false;
    if (this.#reported !== "down") this.#options.report({ event: "quota_store", state: "down", reason });
    this.#reported = "down";
  }

  /** Doubles up to a second, with half of it at random: gateways that lost one store do not return to it as one. */
  #pauseMs(attempts: number): number {
    const bound = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(10, Math.max(attempts, this.#losses)));
    return bound * (0.5 + this.#options.random() / 2);
  }
}

/** Loads a library when a store is configured: the two take 70 ms and 30 MiB, which most gateways do without. */
const require = createRequire(import.meta.url);
const loadClient = () => require("ioredis") as typeof client;
const loadLimiter = () => require("rate-limiter-flexible") as typeof limiter;

/** Whether the library rejected with its result, because the quota is used up. */
function isRefusal(thrown: unknown): thrown is limiter.RateLimiterRes {
  return thrown instanceof loadLimiter().RateLimiterRes;
}

interface RedisQuotaOptions {
  readonly route: string;
  readonly config: RateLimitConfig;
  readonly redis: client.Redis;
  readonly store: QuotaStoreOptions;
}

class RedisQuota implements SharedQuota {
  readonly #store: QuotaStore;
  readonly #limiter: limiter.RateLimiterRedis;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #consume: { readonly customDuration: number };

  constructor(store: QuotaStore, { route, config, redis, store: { config: redisConfig, clock } }: RedisQuotaOptions) {
    const { points, durationSeconds, ttlSeconds } = scriptBurst(config);
    this.#store = store;
    this.#clock = clock;
    this.#timeoutMs = redisConfig.timeout;
    this.#consume = { customDuration: ttlSeconds };
    const { RateLimiterRedis } = loadLimiter();
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
    const answer = this.#limiter.consume(key, 1, this.#consume);
    try {
      const winner = await Promise.race([answer, patience.end]);
      if (winner === undefined) {
        this.#store.doubt(answer);
        return undefined;
      }
    } catch (thrown) {
      // The library rejects with a result where the quota is used up, and with an error for anything else.
      if (!isRefusal(thrown)) {
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
  /** Resolves when it is at its end. */
  readonly end: Promise<undefined>;

  constructor(clock: Clock, timeoutMs: number) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#clock = clock;
    this.end = promise;
    // Timers fire before sockets are read: after a stall of our own, an answer that is there already still counts.
    this.#timer = clock.setTimeout((end) => setImmediate(end, undefined), timeoutMs, resolve);
  }

  [Symbol.dispose](): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
