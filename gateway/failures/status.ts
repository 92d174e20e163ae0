import type { FailureCode } from "./codes.ts";
import type { Failure } from "./failure.ts";

/** RFC 9110 §15.6: the server's own fault, or that of one behind it. */
export function isServerError(status: number): boolean {
  return status >= 500;
}

/** Every answer that says "later" says when (RFC 9110 §15.6.4, RFC 6585 §4). */
export function saysLater(status: number | null): boolean {
  return status === 503 || status === 429;
}

/** Refusals of the gateway's that are about the upstream's state, and not about the request or the gateway. */
const protective = new Set<FailureCode>([
  "circuit_open",
  "no_healthy_upstream",
  "concurrency_limited",
  "queue_timeout",
  "overloaded",
]);

/** Whether something else may be served in place of this failure: the request was sound, and the upstream could not. */
export function isReplaceable(failure: Failure): boolean {
  if (failure.status === null) return false;
  return failure.row.source === "upstream" || protective.has(failure.code);
}
