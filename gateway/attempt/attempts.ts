import type { Attempt, Exchange, RetryDecision, Target, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Breaker } from "../breaker/breaker.ts";
import type { RetryBudget } from "./budget.ts";
import type { Ended, RetryRule } from "./retry.ts";
import type { BreakerAdmission } from "../breaker/admission.ts";
import type { Guarded } from "./unavailable.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";
import { isServerError } from "../failures/status.ts";
import { pause } from "./backoff.ts";
import { KeptAnswer } from "./replayable-response.ts";
import { callsForRetry, obstacle, pauseBeforeRetry } from "./retry.ts";
import { unavailable } from "./unavailable.ts";
import { verdictOf } from "./verdict.ts";

/** A target with what an attempt on it needs. */
export interface AttemptTarget extends Target, Guarded {
  readonly breaker: Breaker;
  /** Sends the exchange's request here; `isFresh` asks for a new connection. */
  send(exchange: Exchange, attempt: Attempt, isFresh: boolean): Promise<UpstreamAnswer>;
}

/** Where an exchange's attempts may go. */
export interface AttemptPlan {
  readonly targets: readonly AttemptTarget[];
  /** Chooses among the targets that `admits` lets through; undefined where it lets none. */
  pick(admits: (target: AttemptTarget) => boolean, exchange: Exchange): AttemptTarget | undefined;
  /** Answers of the upstream that its breaker counts as failures. */
  readonly failureStatuses: ReadonlySet<number>;
  readonly retryBudget: Pick<RetryBudget, "deposit" | "withdraw">;
  /** An attempt has ended: with an answer's head, or a failure. `isBlamed`: the breaker counts it against the target. */
  ended(attempt: Attempt, isBlamed: boolean): void;
}

/**
 * The only loop over attempts: picks a target whose breaker admits, sends, and tells the breaker how it went. A
 * connection that had gone stale is replaced once, in silence, where sending again is safe; all further attempts are
 * made as `rule` allows, another target preferred.
 *
 * Rejects with the last attempt's Failure, or `circuit_open` or `no_healthy_upstream` where no target may be asked. A
 * further attempt that is refused never replaces what the last real one gave, be it a failure or an answer.
 */
export function attempt(exchange: Exchange, plan: AttemptPlan, rule?: RetryRule): Promise<UpstreamAnswer> {
  const place = enter(plan, exchange, isAdmitting);
  if (place === undefined) return Promise.reject(unavailable(plan.targets));
  if (rule === undefined) return attemptAt(place, exchange, { plan, rule });
  return attemptAll(place, exchange, { plan, rule, dueAt: exchange.timer.deadlineAt, tried: new Set([place.target]) });
}

/** A target that let the attempt in. */
interface Place {
  readonly target: AttemptTarget;
  readonly admission: BreakerAdmission;
}

interface Ways {
  readonly plan: AttemptPlan;
  readonly rule: RetryRule | undefined;
}

interface RetryWays extends Ways {
  readonly rule: RetryRule;
  /** The end of the whole budget, which an answer's head has lifted meanwhile. */
  readonly dueAt: number;
  readonly tried: Set<AttemptTarget>;
}

/** Longest wait for the end of an answer that is to be given up, in milliseconds. */
const keepWithinMs = 250;

async function attemptAll(first: Place, exchange: Exchange, ways: RetryWays): Promise<UpstreamAnswer> {
  let ended = await endOf(attemptAt(first, exchange, ways));
  if (callsForRetry(ended, exchange, ways.rule)) ended = await retry(ended, exchange, ways);
  if (ended instanceof Failure) throw ended;
  return ended;
}

async function endOf(attempted: Promise<UpstreamAnswer>): Promise<Ended> {
  try {
    return await attempted;
  } catch (failure) {
    if (failure instanceof Failure) return failure;
    throw failure;
  }
}

async function retry(first: Ended, exchange: Exchange, ways: RetryWays): Promise<Ended> {
  const { timer, clock } = exchange;
  let ended = first;
  for (let made = 1; callsForRetry(ended, exchange, ways.rule); made++) {
    const facts = exchange.attempts.at(-1) as Attempt;
    const pauseMs = pauseBeforeRetry(ended, made, ways.rule);
    facts.retry = decide(ended, exchange, { ...ways, made, pauseMs });
    if (facts.retry !== "granted") return ended;
    if (!(ended instanceof Failure)) {
      const answer = new KeptAnswer(ended, clock);
      ended = answer;
      if (!(await answer.keep(Math.min(keepWithinMs, ways.dueAt - clock.now())))) {
        facts.retry = "answer_too_long";
        return ended;
      }
    }
    timer.setDeadline(ways.dueAt);
    await pauseOrTell(facts, exchange, pauseMs);
    const place = enterAnother(ended, exchange, ways);
    if (place === undefined) {
      facts.retry = "no_target";
      timer.setDeadline(exchange.endsAt);
      return ended;
    }
    ways.tried.add(place.target);
    ended = await endOf(attemptAt(place, exchange, ways));
  }
  return ended;
}

/** Whether there is another attempt, or what it fails on. What costs something comes last. */
function decide(
  ended: Ended,
  exchange: Exchange,
  ways: RetryWays & { readonly made: number; readonly pauseMs: number },
): RetryDecision {
  const { plan, rule, made, pauseMs, dueAt } = ways;
  const forbidden = obstacle(ended, exchange, rule);
  if (forbidden !== undefined) return forbidden;
  if (made >= rule.attempts) return "attempts_spent";
  const now = exchange.clock.now();
  if (now + pauseMs >= dueAt) return "no_time";
  if (!plan.targets.some((target) => mayTry(target, ended, ways))) return "no_target";
  return plan.retryBudget.withdraw(now) ? "granted" : "budget_spent";
}

async function pauseOrTell(facts: Attempt, exchange: Exchange, pauseMs: number): Promise<void> {
  try {
    await pause(exchange, pauseMs);
  } catch (reason) {
    facts.retry = "cancelled";
    throw reason;
  }
}

/** Another target rather than one that has failed already; after some failures, nothing but another. */
function enterAnother(ended: Ended, exchange: Exchange, ways: RetryWays): Place | undefined {
  const { plan, tried } = ways;
  return (
    enter(plan, exchange, (target) => !tried.has(target) && isAdmitting(target)) ??
    enter(plan, exchange, (target) => mayTry(target, ended, ways))
  );
}

function mayTry(target: AttemptTarget, ended: Ended, { tried }: RetryWays): boolean {
  const isElsewhere = ended instanceof Failure && ended.row.retry === "elsewhere";
  return isAdmitting(target) && !(isElsewhere && tried.has(target));
}

function enter(plan: AttemptPlan, exchange: Exchange, admits: (target: AttemptTarget) => boolean): Place | undefined {
  const target = plan.pick(admits, exchange);
  const admission = target?.breaker.enter();
  return target === undefined || admission === undefined ? undefined : { target, admission };
}

/**
 * One attempt on one target; two, if the first was on a connection that had gone stale (RFC 9112 §9.3.1). Rejects with the
 * Failure of the last.
 */
async function attemptAt({ target, admission: first }: Place, exchange: Exchange, ways: Ways): Promise<UpstreamAnswer> {
  let admission = first;
  for (let isFresh = false; ; isFresh = true) {
    const facts = newAttempt(exchange, target, admission);
    exchange.attempts.push(facts);
    try {
      const answer = await target.send(exchange, facts, isFresh);
      facts.outcome = "success";
      facts.status = answer.status;
      const isBlamed = ways.plan.failureStatuses.has(answer.status);
      if (isBlamed) target.breaker.leave(admission, "failure");
      else admission.answered();
      ways.plan.ended(facts, isBlamed);
      if (!isServerError(answer.status)) ways.plan.retryBudget.deposit(exchange.clock.now());
      return answer;
    } catch (cause) {
      const failure = classify(cause, facts);
      facts.outcome = failure.code;
      const verdict = verdictOf(failure, facts, exchange);
      target.breaker.leave(admission, verdict);
      ways.plan.ended(facts, verdict === "failure");
      if (isFresh || failure.row.retry !== "stale" || exchange.cancelled !== undefined) throw failure;
      const next = enterAgain(failure, exchange, { target, rule: ways.rule });
      if (next === undefined) throw failure;
      admission = next;
    }
  }
}

/** The target is asked once more, on a fresh connection, where the request may be sent again. */
function enterAgain(
  failure: Failure,
  exchange: Exchange,
  { target, rule }: { readonly target: AttemptTarget; readonly rule: RetryRule | undefined },
): BreakerAdmission | undefined {
  const facts = exchange.attempts.at(-1) as Attempt;
  facts.retry = obstacle(failure, exchange, rule);
  if (facts.retry !== undefined) return undefined;
  const admission = target.breaker.enter();
  facts.retry = admission === undefined ? "no_target" : "stale_connection";
  return admission;
}

function newAttempt(exchange: Exchange, target: AttemptTarget, admission: BreakerAdmission): Attempt {
  const startedAt = exchange.clock.now();
  return {
    target: target.label,
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
    sentAt: undefined,
    awaitedSince: startedAt,
    timerMs: 0,
    status: 0,
    outcome: undefined,
    retry: undefined,
    breaker: target.breaker.state,
    admission,
  };
}

function isAdmitting(target: AttemptTarget): boolean {
  return target.isHealthy && target.breaker.isAdmitting;
}
