import type { Attempt } from "../../exchange/exchange.ts";
import type { Sample } from "./limit.ts";

import { isUnavailable } from "../../failures/status.ts";

/**
 * What an attempt that has ended says about the upstream's load; undefined for nothing. An attempt that was not sent
 * whole awaited the client or a connection; a reset or garbled answer is a fault, which is the breaker's to judge.
 * `isBlamed`: the breaker counts the attempt as a failure.
 */
export function sampleOf(attempt: Attempt, isBlamed: boolean, now: number): Sample | undefined {
  const { sentAt: startedAt, outcome } = attempt;
  if (startedAt === undefined) return undefined;
  switch (outcome) {
    case "success": {
      const endedAt = attempt.startedAt + attempt.firstByteMs;
      return { startedAt, endedAt, outcome: isUnavailable(attempt.status) ? "unavailable" : "answered" };
    }
    case "upstream_headers_timeout":
      return { startedAt, endedAt: now, outcome: "failed" };
    case "deadline_exceeded":
      return { startedAt, endedAt: now, outcome: isBlamed ? "failed" : "unanswered" };
    case "client_closed":
      return { startedAt, endedAt: now, outcome: "unanswered" };
    default:
      return undefined;
  }
}
