import type { MaintenanceConfig } from "../config/schema.ts";

import { Failure } from "../failures/failure.ts";

/** One for all requests: it holds nothing of any of them. */
const failures = new WeakMap<MaintenanceConfig, Failure>();

/** The failure `maintenance` of every request of a route, or to an upstream, that is declared under maintenance. */
export function maintenanceFailure(maintenance: MaintenanceConfig): Failure {
  let failure = failures.get(maintenance);
  if (failure === undefined) {
    failure = new Failure("maintenance", { retryAfterMs: maintenance.retryAfter });
    failures.set(maintenance, failure);
  }
  return failure;
}
