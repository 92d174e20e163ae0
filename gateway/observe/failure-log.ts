import type { Attempt, Exchange, Phase } from "../exchange/exchange.ts";
import type { Failure } from "../failures/failure.ts";
import type { Ending } from "./access-log.ts";
import type { LogDestination } from "./destination.ts";
import type { EventLog, LogLevel } from "./log.ts";

import { causeChain, stackOf } from "./cause.ts";
import { lastAttempt } from "./outcome.ts";
import { isoTime, jsonString, quoted, roundedMs } from "./access-log.ts";
import { redactsAny } from "./redact.ts";

const maxAttempts = 10;

/** How loud a failure is: a client's is its own affair, a bug of ours or a certificate not to be trusted wakes somebody. */
export function failureLevel(failure: Failure): LogLevel {
  if (failure.code === "internal" || failure.code === "upstream_certificate") return "error";
  return failure.row.source === "client" ? "info" : "warn";
}

/**
 * All that is needed to find the cause of one failure: where it happened, the foreign errors behind it, and what each
 * attempt had done by then. The stack is that of a bug; of every other failure it would tell only where we noticed.
 */
export function failureRecord(
  exchange: Exchange,
  failure: Failure,
  { outcome, omitted }: Ending,
): Record<string, unknown> {
  const { cause, errors, detail } = failure.options;
  return {
    event: "failure",
    code: failure.code,
    phase: failedPhase(exchange),
    cause: causeChain(cause),
    requestId: exchange.id,
    traceId: exchange.trace.traceId,
    route: exchange.route?.id ?? null,
    upstream: exchange.upstream ?? null,
    target: lastAttempt(exchange)?.target ?? null,
    status: outcome.status,
    source: failure.row.source,
    attempts: exchange.attempts.slice(-maxAttempts).map(attemptRecord),
    ...(detail === undefined ? undefined : { detail }),
    ...(errors === undefined ? undefined : { errors }),
    ...(omitted > 0 ? { omitted } : undefined),
    ...(failure.code === "internal" ? { stack: stackOf(cause) ?? stackOf(failure) } : undefined),
  };
}

/** The names that stand in the line of a refusal, at any depth. */
export const refusalKeys = (
  "level time event code phase cause requestId traceId route upstream target status source attempts errors omitted " +
  "pointer parameter keyword detail"
).split(" ");

/**
 * The line of a refusal, as the log would write `failureRecord`; undefined where there is more to tell: a cause, an
 * attempt, a detail of its own. Concatenated by hand: anybody can have a request refused, as often as he likes.
 */
export function refusalLine(exchange: Exchange, failure: Failure, { outcome, omitted }: Ending): string | undefined {
  const { code, row, options } = failure;
  const isMore = options.cause !== undefined || options.detail !== undefined || code === "internal";
  if (isMore || exchange.attempts.length > 0) return undefined;
  const errors = failure.errorsText;
  return (
    `{"level":"${failureLevel(failure)}","time":"${isoTime(Date.now())}","event":"failure","code":"${code}"` +
    `,"phase":"${exchange.phase}","cause":[]` +
    `,"requestId":${jsonString(exchange.id)},"traceId":${jsonString(exchange.trace.traceId)}` +
    `,"route":${quoted(exchange.route?.id)},"upstream":${quoted(exchange.upstream)},"target":null` +
    `,"status":${outcome.status},"source":"${row.source}","attempts":[]` +
    `${errors === undefined ? "" : `,"errors":${errors}`}${omitted > 0 ? `,"omitted":${omitted}` : ""}}\n`
  );
}

/** Writes a line for each failure: that of a refusal by hand, every other through the log. */
export class FailureLog {
  readonly #events: EventLog;
  readonly #destination: Pick<LogDestination, "write">;
  #isRefusalPlain: boolean;

  /** @param redact `log.redact`: where it names nothing of a refusal's line, no record is looked through for it */
  constructor(events: EventLog, destination: Pick<LogDestination, "write">, redact: readonly string[]) {
    this.#events = events;
    this.#destination = destination;
    this.#isRefusalPlain = !redactsAny(redact, refusalKeys);
  }

  reconfigure(redact: readonly string[]): void {
    this.#isRefusalPlain = !redactsAny(redact, refusalKeys);
  }

  write(exchange: Exchange, failure: Failure, ending: Ending): void {
    const line = this.#isRefusalPlain ? refusalLine(exchange, failure, ending) : undefined;
    if (line === undefined) this.#events[failureLevel(failure)](failureRecord(exchange, failure, ending));
    else this.#destination.write(line);
  }
}

/** Whoever is to blame, it happened where the attempt stood, until its answer was being relayed. */
function failedPhase(exchange: Exchange): Phase {
  const attempt = lastAttempt(exchange);
  return attempt === undefined || exchange.phase === "relay" ? exchange.phase : attempt.phase;
}

function attemptRecord(attempt: Attempt): Record<string, unknown> {
  const { target, outcome, status, retry, phase, sent, reused, complete, responseBytes, closedByUpstream, breaker } =
    attempt;
  return {
    target,
    outcome: outcome ?? null,
    status,
    retry: retry ?? null,
    phase,
    sent,
    reused,
    complete,
    responseBytes,
    closedByUpstream,
    connectMs: roundedMs(attempt.connectMs),
    firstByteMs: roundedMs(attempt.firstByteMs),
    breaker,
  };
}
