import type { RetryConfig } from "../config/schema.ts";
import type { Exchange, RetryDecision, UpstreamAnswer } from "../exchange/exchange.ts";
import type { FailureCode } from "../failures/codes.ts";
import type { BackoffBounds } from "./backoff.ts";

import { Failure } from "../failures/failure.ts";
import { backoffMs } from "./backoff.ts";

/** How an attempt ended. */
export type Ended = UpstreamAnswer | Failure;

/** A route's `retry`, compiled. */
export interface RetryRule extends BackoffBounds {
  /** The first included. */
  readonly attempts: number;
  readonly codes: ReadonlySet<FailureCode>;
  readonly statuses: ReadonlySet<number>;
  /** An Idempotency-Key makes any method repeatable. */
  readonly idempotencyKey: boolean;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

type RetryKind = Extract<RetryConfig["on"][number], string>;

/** What the words of `retry.on` stand for: each row that the failure map lets be repeated, once. */
export const retryKinds: Readonly<Record<RetryKind, readonly FailureCode[]>> = {
  refused: ["upstream_dns_error", "upstream_refused", "upstream_unreachable", "upstream_certificate", "upstream_tls"],
  reset: ["upstream_reset", "upstream_protocol_error"],
  timeout: ["upstream_dns_timeout", "upstream_connect_timeout", "upstream_headers_timeout"],
};

export function compileRetry(retry: RetryConfig, random: () => number): RetryRule {
  return {
    attempts: retry.attempts,
    codes: new Set(retry.on.flatMap((on) => (typeof on === "string" ? retryKinds[on] : []))),
    statuses: new Set(retry.on.filter((on) => typeof on === "number")),
    idempotencyKey: retry.idempotencyKey,
    baseMs: retry.backoff.base,
    maxMs: retry.backoff.max,
    random,
  };
}

/** Whether the route asks for another attempt after this end. WebSocket handshakes are never repeated. */
export function callsForRetry(ended: Ended, exchange: Exchange, rule: RetryRule): boolean {
  if (exchange.cancelled !== undefined || exchange.isUpgrade) return false;
  return ended instanceof Failure ? rule.codes.has(ended.code) : rule.statuses.has(ended.status);
}

// RFC 9110 §9.2.2
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * Why the request may not be sent again after its latest attempt, which ended thus; undefined where it may: nothing of
 * it had left, or doing it twice is harmless and its body is still there.
 */
export function obstacle(ended: Ended, exchange: Exchange, rule: RetryRule | undefined): RetryDecision | undefined {
  if (exchange.attempts.at(-1)?.sent !== true) return undefined;
  const permission = ended instanceof Failure ? ended.row.retry : "idempotent";
  const isPermitted = permission === "idempotent" || permission === "stale";
  if (!isPermitted || !isRepeatable(exchange, rule)) return "already_sent";
  return exchange.body.kind === "stream" ? "body_streamed" : undefined;
}

function isRepeatable(exchange: Exchange, rule: RetryRule | undefined): boolean {
  return idempotent.has(exchange.inbound.method) || (rule?.idempotencyKey === true && hasKey(exchange));
}

/** draft-ietf-httpapi-idempotency-key-header: whoever sends one promises that doing it twice does it once. */
function hasKey({ inbound }: Exchange): boolean {
  const key = inbound.fields.get("idempotency-key");
  return key !== undefined && key.length > 0;
}

/** How long to wait before the next attempt: as backoff draws it, and no less than the upstream asks for. */
export function pauseBeforeRetry(ended: Ended, made: number, rule: RetryRule): number {
  const backoff = backoffMs(made, rule, rule.random);
  return ended instanceof Failure ? backoff : Math.max(backoff, retryAfterMs(ended.headers));
}

/**
 * The wait that an answer's Retry-After asks for (RFC 9110 §10.2.3), in milliseconds; 0 for none. A date is counted
 * from the answer's own, whatever our clock says; without one nobody knows the wait, which is then Infinity.
 */
export function retryAfterMs(headers: readonly string[]): number {
  const value = field(headers, "retry-after");
  if (value === undefined) return 0;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  // Left to itself, Date.parse finds a date in anything.
  const until = value.endsWith("GMT") ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(until)) return 0;
  const from = Date.parse(field(headers, "date") ?? "");
  return Number.isNaN(from) ? Infinity : Math.max(0, until - from);
}

function field(headers: readonly string[], name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1]?.trim();
  return undefined;
}
