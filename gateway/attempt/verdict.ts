import type { Attempt, Exchange } from "../exchange/exchange.ts";
import type { Verdict } from "../breaker/admission.ts";
import type { Failure } from "../failures/failure.ts";

import { TimerExpired } from "../failures/failure.ts";

/** What the failure that ended an attempt says about its target. */
export function verdictOf(failure: Failure, facts: Attempt, exchange: Exchange): Verdict {
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
