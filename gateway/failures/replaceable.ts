import type { FailureCode } from "./codes.ts";
import type { Failure } from "./failure.ts";

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
