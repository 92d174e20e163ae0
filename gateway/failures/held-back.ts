import type { FailureCode } from "./codes.ts";

import { Failure } from "./failure.ts";

/** Of rows that have no status because the head is out: theirs where the answer was held back and nothing is out yet. */
export const heldBackStatus: Readonly<Partial<Record<FailureCode, number>>> = {
  upstream_incomplete: 502,
  upstream_body_idle: 504,
};

/** The failure of an answer that was held back: no byte of it is out, so that it can be answered after all. */
export function heldBack(failure: Failure, receivedStatus: number): Failure {
  const status = failure.status ?? heldBackStatus[failure.code];
  if (status === undefined || failure.row.source !== "upstream") return failure;
  return new Failure(failure.code, { ...failure.options, status, receivedStatus });
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
