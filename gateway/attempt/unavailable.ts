import type { Breaker } from "../breaker/breaker.ts";

import { Failure } from "../failures/failure.ts";

/** What keeps requests from a target. */
export interface Guarded {
  readonly isHealthy: boolean;
  /** Milliseconds until its probes can find it healthy at the soonest; 0 where it is. */
  readonly returnsInMs: number;
  readonly breaker: Pick<Breaker, "retryAfterMs">;
}

/**
 * No target may be asked: `no_healthy_upstream` where probes have taken out each of them, else `circuit_open`. Its
 * Retry-After is the soonest moment at which one may be.
 */
export function unavailable(targets: readonly Guarded[]): Failure {
  let soonest = Infinity;
  let isAnyHealthy = false;
  for (const { isHealthy, returnsInMs, breaker } of targets) {
    isAnyHealthy ||= isHealthy;
    soonest = Math.min(soonest, Math.max(returnsInMs, breaker.retryAfterMs));
  }
  return new Failure(isAnyHealthy ? "circuit_open" : "no_healthy_upstream", { retryAfterMs: soonest });
}
