import { readFileSync } from "node:fs";
import { extname } from "node:path";

import type { Clock } from "../exchange/clock.ts";
import type { UpstreamErrorsConfig } from "../config/schema.ts";
import type { Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Failure } from "../failures/failure.ts";
import type { RelayOptions, ResponseRules } from "./relay.ts";
import type { Stale } from "./stale-cache.ts";

import { isReplaceable } from "../failures/held-back.ts";
import { saysLater } from "../failures/status.ts";
import { cacheStatus } from "./cache-status.ts";
import { CopiedAnswer } from "./copied-answer.ts";
import { endResponse } from "./end-response.ts";
import { keptFields } from "./relay.ts";
import { StaleCache } from "./stale-cache.ts";

export interface FallbackOptions extends RelayOptions {
  readonly rules: ResponseRules | undefined;
}

interface StaticBody {
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** What one route serves in place of a 5xx answer or a failure: the last good answer, else a static body. */
export class Fallback {
  readonly #options: FallbackOptions;
  readonly #body: StaticBody | undefined;
  readonly #cache: StaleCache | undefined;

  constructor(config: UpstreamErrorsConfig["fallback"], clock: Clock, options: FallbackOptions) {
    const { staleIfError: staleMs, maxBytes } = config;
    this.#options = options;
    this.#body = readStatic(config);
    this.#cache = staleMs === undefined ? undefined : new StaleCache({ maxBytes, staleMs, clock });
  }

  /** Whether there is something for this request now. */
  has(exchange: Exchange): boolean {
    return isSafe(exchange) && (this.#body !== undefined || this.#cache?.find(exchange) !== undefined);
  }

  /** Remembers a good answer while it is relayed. */
  remember(answer: UpstreamAnswer, exchange: Exchange): UpstreamAnswer {
    const cache = this.#cache;
    const place = cache?.placeFor(answer, exchange);
    if (cache === undefined || place === undefined) return answer;
    const { status, headers } = answer;
    return new CopiedAnswer(answer, cache.maxBodyBytes, (body) => {
      if (body !== undefined) cache.put(place, { status, headers, body });
    });
  }

  /**
   * Serves this request in place of the failure's own answer; undefined where there is nothing to serve. The failure is
   * logged and counted all the same. Resolves when the client has it, or is gone.
   */
  serve(failure: Failure, exchange: Exchange): Promise<void> | undefined {
    const { response } = exchange;
    if (!isReplaceable(failure) || !isSafe(exchange) || response.isBegun || response.isGone) return undefined;
    const stale = this.#cache?.find(exchange);
    if (stale !== undefined) {
      return this.#send(exchange, failure, { ...stale, headers: this.#staleFields(stale, failure, exchange) });
    }
    if (this.#body === undefined) return undefined;
    const { status, contentType, bytes: body } = this.#body;
    const headers = ["content-type", contentType, "content-length", String(body.length), "cache-control", "no-store"];
    headers.push("x-content-type-options", "nosniff");
    if (saysLater(status)) headers.push("retry-after", retryAfter(failure));
    return this.#send(exchange, failure, { status, headers, body });
  }

  #staleFields(stale: Stale, failure: Failure, exchange: Exchange): string[] {
    const { rules, pseudonym } = this.#options;
    const fields: string[] = [];
    const kept = keptFields(stale, rules);
    for (let i = 0; i < kept.length; i += 2) {
      const name = kept[i] as string;
      // Its age is ours to tell, and its length that of what was kept.
      if (name !== "age" && name !== "content-length") fields.push(name, kept[i + 1] as string);
    }
    const { receivedStatus } = failure.options;
    const use = { stale, receivedStatus, wasForwarded: exchange.attempts.length > 0 };
    fields.push("age", String(Math.floor(stale.ageMs / 1000)), "content-length", String(stale.body.length));
    fields.push("cache-status", cacheStatus(pseudonym, use), "via", `1.1 ${pseudonym}`);
    return fields;
  }

  async #send(exchange: Exchange, failure: Failure, answer: Pick<Stale, "status" | "headers" | "body">): Promise<void> {
    const { proxyStatus, rules } = this.#options;
    const { status, headers, body } = answer;
    const fields = [...headers, "x-request-id", exchange.id, "proxy-status", proxyStatus.failedAfter(failure)];
    if (rules !== undefined) for (const [name, value] of rules.set) fields.push(name, value);
    exchange.failure = failure;
    exchange.outcome = { status, code: failure.code, source: "gateway" };
    exchange.response.begin(status, fields, exchange.isLast);
    const hasBody = exchange.inbound.method !== "HEAD" && body.length > 0;
    exchange.bytesOut = hasBody ? body.length : 0;
    await endResponse(exchange, hasBody ? body : undefined);
  }
}

/** Whoever asked for a change must hear that it was not made. */
function isSafe({ inbound, isUpgrade }: Exchange): boolean {
  return (inbound.method === "GET" || inbound.method === "HEAD") && !isUpgrade;
}

function retryAfter(failure: Failure): string {
  return String(Math.max(1, Math.ceil((failure.options.retryAfterMs ?? 0) / 1000)));
}

function readStatic({ body, contentType, status }: UpstreamErrorsConfig["fallback"]): StaticBody | undefined {
  if (body === undefined) return undefined;
  const type = contentType ?? typesByName[extname(body).toLowerCase()] ?? "application/octet-stream";
  const isText = type.startsWith("text/");
  return { status, contentType: isText ? `${type}; charset=utf-8` : type, bytes: readFileSync(body) };
}

const typesByName: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".json": "application/json",
  ".txt": "text/plain",
  ".xml": "application/xml",
};
