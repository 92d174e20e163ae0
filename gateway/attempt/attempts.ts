import type { Attempt, Exchange, Target, UpstreamAnswer } from "../exchange.ts";
import type { Breaker } from "./breaker.ts";
import type { Ticket, Verdict } from "./ticket.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";

/** A target with what an attempt on it needs. */
export interface AttemptTarget extends Target {
  readonly breaker: Breaker;
  /** Sends the exchange's request here; `isFresh` asks for a new connection. */
  send(exchange: Exchange, attempt: Attempt, isFresh: boolean): Promise<UpstreamAnswer>;
}

/** Where an exchange's attempts may go. */
export interface AttemptPlan {
  readonly targets: readonly AttemptTarget[];
  /** Chooses among the targets that `admits` lets through; undefined where it lets none. */
  pick(admits: (target: AttemptTarget) => boolean): AttemptTarget | undefined;
  /** Answers of the upstream that its breaker counts as failures. */
  readonly failureStatuses: ReadonlySet<number>;
}

/**
 * The only loop over attempts: picks a target whose breaker admits, sends, and tells the breaker how it went. A
 * connection that had gone stale is replaced once, in silence, where sending again is safe.
 *
 * Throws the attempt's Failure, or `circuit_open` where no target may be asked. A further attempt that is refused never
 * replaces the failure of the last real one.
 */
export async function attempt(exchange: Exchange, plan: AttemptPlan): Promise<UpstreamAnswer> {
  const target = plan.pick(isAdmitting);
  const ticket = target?.breaker.enter();
  if (target === undefined || ticket === undefined) throw circuitOpen(plan.targets);
  try {
    return await attemptOnce(exchange, plan, { target, ticket, isFresh: false });
  } catch (failure) {
    if (!(failure instanceof Failure) || !mayReplaceConnection(failure, exchange)) throw failure;
    const again = target.breaker.enter();
    if (again === undefined) throw failure;
    return attemptOnce(exchange, plan, { target, ticket: again, isFresh: true });
  }
}

interface Try {
  readonly target: AttemptTarget;
  readonly ticket: Ticket;
  readonly isFresh: boolean;
}

async function attemptOnce(exchange: Exchange, plan: AttemptPlan, it: Try): Promise<UpstreamAnswer> {
  const { target, ticket } = it;
  const facts = newAttempt(exchange, it);
  exchange.attempts.push(facts);
  try {
    const answer = await target.send(exchange, facts, it.isFresh);
    facts.outcome = "success";
    if (plan.failureStatuses.has(answer.status)) target.breaker.leave(ticket, "failure");
    else ticket.answered();
    return answer;
  } catch (cause) {
    const failure = classify(cause, facts);
    facts.outcome = failure.code;
    target.breaker.leave(ticket, verdict(failure, facts, exchange));
    throw failure;
  }
}

function newAttempt(exchange: Exchange, it: Try): Attempt {
  const startedAt = exchange.clock.now();
  return {
    target: it.target.label,
    startedAt,
    phase: "connect",
    sent: false,
    reused: false,
    complete: false,
    responseBytes: 0,
    closedByUpstream: false,
    awaitsClient: false,
    connectMs: 0,
    firstByteMs: 0,
    awaitedSince: startedAt,
    timerMs: 0,
    outcome: undefined,
    breaker: it.target.breaker.state,
    admission: it.ticket,
  };
}

function isAdmitting(target: AttemptTarget): boolean {
  return target.breaker.isAdmitting;
}

/** What the failure says about the target. */
function verdict(failure: Failure, facts: Attempt, exchange: Exchange): Verdict {
  switch (failure.row.breaker) {
    case "fail":
      return "failure";
    case "full-timer":
      return hadFullTimer(facts, exchange) ? "failure" : "neutral";
    case "neutral":
    case "none":
      return "neutral";
  }
}

/**
 * The whole budget ran out. That is the target's fault only if it had had about as long as it is configured to have:
 * a budget eaten up by the queue, by earlier attempts or by the client's own upload is not.
 */
function hadFullTimer(facts: Attempt, exchange: Exchange): boolean {
  const budgetMs = exchange.route?.config.timeout ?? 0;
  return exchange.clock.now() - facts.awaitedSince >= 0.9 * Math.min(facts.timerMs, budgetMs);
}

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** RFC 9112 §9.3.1: a request may be sent again unasked when nothing of it left, or when doing it twice is harmless. */
function mayReplaceConnection(failure: Failure, exchange: Exchange): boolean {
  if (failure.row.retry !== "stale" || exchange.cancelled !== undefined) return false;
  const last = exchange.attempts.at(-1);
  if (last?.sent !== true) return true;
  return idempotent.has(exchange.inbound.method) && exchange.body.kind !== "stream";
}

function circuitOpen(targets: readonly AttemptTarget[]): Failure {
  let soonest = Infinity;
  for (const target of targets) soonest = Math.min(soonest, target.breaker.retryAfterMs);
  return new Failure("circuit_open", { retryAfterMs: soonest });
}
