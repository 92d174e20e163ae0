import type { Attempt, Exchange, RetryDecision, Target, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Breaker } from "../breaker/breaker.ts";
import type { RetryBudget } from "./budget.ts";
import type { Ended, RetryRule } from "./retry.ts";
import type { BreakerAdmission, Verdict } from "../breaker/admission.ts";
import type { Guarded } from "./unavailable.ts";

import { classify } from "../failures/classify.ts";
import { Failure, TimerExpired } from "../failures/failure.ts";
import { pause } from "./backoff.ts";
import { KeptAnswer } from "./replayable-response.ts";
import { callsForRetry, obstacle, pauseBeforeRetry } from "./retry.ts";
import { unavailable } from "./unavailable.ts";

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
 * Throws the last attempt's Failure, or `circuit_open` or `no_healthy_upstream` where no target may be asked. A further
 * attempt that is refused never replaces what the last real one gave, be it a failure or an answer.
 */
export async function attempt(exchange: Exchange, plan: AttemptPlan, rule?: RetryRule): Promise<UpstreamAnswer> {
  const dueAt = exchange.timer.deadlineAt;
  const place = enter(plan, exchange, isAdmitting);
  if (place === undefined) throw unavailable(plan.targets);
  let ended = await attemptAt(place, exchange, { plan, rule });
  if (rule !== undefined && callsForRetry(ended, exchange, rule)) {
    ended = await retry(ended, exchange, { plan, rule, dueAt, tried: new Set([place.target]) });
  }
  if (ended instanceof Failure) throw ended;
  return ended;
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
    ended = await attemptAt(place, exchange, ways);
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

/** One attempt on one target; two, if the first was on a connection that had gone stale (RFC 9112 §9.3.1). */
async function attemptAt(place: Place, exchange: Exchange, { plan, rule }: Ways): Promise<Ended> {
  const ended = await attemptOnce(exchange, plan, { ...place, isFresh: false });
  if (!(ended instanceof Failure) || ended.row.retry !== "stale" || exchange.cancelled !== undefined) return ended;
  const facts = exchange.attempts.at(-1) as Attempt;
  facts.retry = obstacle(ended, exchange, rule);
  if (facts.retry !== undefined) return ended;
  const admission = place.target.breaker.enter();
  facts.retry = admission === undefined ? "no_target" : "stale_connection";
  if (admission === undefined) return ended;
  return attemptOnce(exchange, plan, { target: place.target, admission, isFresh: true });
}

/** RFC 9110 §15.6 */
const serverErrors = 5;

function classOf(status: number): number {
  return Math.trunc(status / 100);
}

interface Try extends Place {
  readonly isFresh: boolean;
}

async function attemptOnce(exchange: Exchange, plan: AttemptPlan, it: Try): Promise<Ended> {
  const { target, admission } = it;
  const facts = newAttempt(exchange, it);
  exchange.attempts.push(facts);
  try {
    const answer = await target.send(exchange, facts, it.isFresh);
    facts.outcome = "success";
    facts.status = answer.status;
    const isBlamed = plan.failureStatuses.has(answer.status);
    if (isBlamed) target.breaker.leave(admission, "failure");
    else admission.answered();
    plan.ended(facts, isBlamed);
    if (classOf(answer.status) < serverErrors) plan.retryBudget.deposit(exchange.clock.now());
    return answer;
  } catch (cause) {
    const failure = classify(cause, facts);
    facts.outcome = failure.code;
    const judged = verdict(failure, facts, exchange);
    target.breaker.leave(admission, judged);
    plan.ended(facts, judged === "failure");
    return failure;
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
    sentAt: undefined,
    awaitedSince: startedAt,
    timerMs: 0,
    status: 0,
    outcome: undefined,
    retry: undefined,
    breaker: it.target.breaker.state,
    admission: it.admission,
  };
}

function isAdmitting(target: AttemptTarget): boolean {
  return target.isHealthy && target.breaker.isAdmitting;
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
 * a budget eaten up by the queue, by earlier attempts or by the client's own upload is not, nor one that the client
 * itself had cut short, nor what ended because the process drains.
 */
function hadFullTimer(facts: Attempt, exchange: Exchange): boolean {
  const { cancelled, isHurried } = exchange;
  if (isHurried || (cancelled instanceof TimerExpired && cancelled.timer === "drain")) return false;
  const budgetMs = exchange.route?.config.timeout ?? 0;
  return exchange.clock.now() - facts.awaitedSince >= 0.9 * Math.min(facts.timerMs, budgetMs);
}
