import type { Exchange } from "../exchange/exchange.ts";
import type { FailureCode } from "../failures/codes.ts";
import type { Failure } from "../failures/failure.ts";
import type { ProxyStatus } from "./proxy-status.ts";

import { endResponse } from "./end-response.ts";

export interface ResponderOptions {
  readonly proxyStatus: ProxyStatus;
  /** `problems.base`: `type` is this and the code. Undefined for about:blank. */
  readonly problemsBase: string | undefined;
  /** 0 ≤ x < 1, for the jitter of Retry-After. */
  readonly random: () => number;
}

/** Answers failures: the only writer of responses that the gateway makes itself. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #beginnings = new Map<FailureCode, string>();

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /**
   * Answers with the failure's problem body (RFC 9457); where a response has already begun, ends the connection instead,
   * so that nobody takes half an answer for a whole one. Resolves when the client has it, or is gone; undefined where
   * that is so at once.
   */
  respond(failure: Failure, exchange: Exchange): Promise<void> | undefined {
    exchange.failure = failure;
    const { response } = exchange;
    const status = failure.status;
    // What the client saw, also where a failure with a status of its own came after the head.
    const isBegun = response.isBegun || exchange.hasSwitched;
    const begun = response.isBegun ? response.status : exchange.outcome?.status;
    const seen = isBegun || status === null ? (begun ?? unsent) : status;
    exchange.outcome = { status: seen, code: failure.code, source: failure.row.source };
    if (failure.code !== "client_closed" && !isBegun && status !== null) return this.#send(failure, status, exchange);
    response.abort();
    return undefined;
  }

  #send(failure: Failure, status: number, exchange: Exchange): Promise<void> | undefined {
    const retryAfter = this.#retryAfter(failure);
    const text = this.#body(failure, exchange, retryAfter);
    const length = Buffer.byteLength(text);
    const closes = failure.row.close || failure.options.close === true || exchange.isLast;
    const headers = ["content-type", "application/problem+json", "content-length", String(length)];
    headers.push("cache-control", "no-store", "x-content-type-options", "nosniff", "x-request-id", exchange.id);
    headers.push("proxy-status", this.#options.proxyStatus.failedAfter(failure));
    if (retryAfter !== undefined) headers.push("retry-after", String(retryAfter));
    for (const [name, value] of failure.options.headers ?? noFields) headers.push(name, value);
    exchange.response.begin(status, headers, closes);
    const hasBody = exchange.inbound.method !== "HEAD";
    exchange.bytesOut = hasBody ? length : 0;
    // ASCII alone is the same in latin1.
    return endResponse(exchange, hasBody ? (length === text.length ? text : Buffer.from(text)) : undefined);
  }

  /** Joined by hand: a refusal must cost less than what it refuses, and all but the ids is known beforehand. */
  #body(failure: Failure, exchange: Exchange, retryAfter: number | undefined): string {
    const errors = failure.errorsText;
    return (
      // Ids are letters, digits and `._-`, whoever made them: see observe/trace.ts.
      `${this.#beginning(failure)},"requestId":"${exchange.id}","traceId":"${exchange.trace.traceId}"` +
      `,"retryable":${isRetryable(failure, exchange)}` +
      (retryAfter === undefined ? "" : `,"retryAfter":${retryAfter}`) +
      (errors === undefined ? "}" : `,"errors":${errors}}`)
    );
  }

  /** The problem's members that are not the request's, as JSON without its end. */
  #beginning(failure: Failure): string {
    if (failure.options.detail !== undefined || failure.status !== failure.row.status) return this.#render(failure);
    const known = this.#beginnings.get(failure.code);
    if (known !== undefined) return known;
    const rendered = this.#render(failure);
    this.#beginnings.set(failure.code, rendered);
    return rendered;
  }

  #render({ row, options, code, status }: Failure): string {
    const { problemsBase } = this.#options;
    const type = problemsBase === undefined ? "about:blank" : problemsBase + code;
    return JSON.stringify({ type, title: row.title, status, detail: options.detail ?? row.detail, code }).slice(0, -1);
  }

  /**
   * Whole seconds, at least 1: the known wait rounded up, with up to a fifth more so that clients do not come back as
   * one. Nobody knows when an overload will be over: then it is drawn.
   */
  #retryAfter(failure: Failure): number | undefined {
    const waitMs = failure.options.retryAfterMs;
    if (waitMs === undefined) return failure.owesRetryAfter ? 1 + this.#draw(unknownWaitSeconds) : undefined;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    return seconds + this.#draw(Math.floor(seconds / 5) + 1);
  }

  /** A whole number below `end`. */
  #draw(end: number): number {
    return Math.floor(this.#options.random() * end);
  }
}

/** What the log says of a response that never began. */
const unsent = 0;

/** Where no wait is known, 1 … this are told alike often. */
const unknownWaitSeconds = 3;

const noFields: ReadonlyArray<readonly [string, string]> = [];

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether the client may send the same request again and hope. */
function isRetryable(failure: Failure, exchange: Exchange): boolean {
  switch (failure.row.again) {
    case "yes":
      return true;
    case "idempotent":
      return idempotent.has(exchange.inbound.method) || exchange.attempts.every((attempt) => !attempt.sent);
    case "no":
      return false;
  }
}
