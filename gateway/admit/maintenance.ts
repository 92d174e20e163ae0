import type { MaintenanceConfig } from "../config/schema.ts";

import { Failure } from "../failures/failure.ts";

/** Refuses every request of a route, or to an upstream, that is declared under maintenance. Failure: maintenance. */
export function refuseUnderMaintenance(maintenance: MaintenanceConfig | undefined): void {
  if (maintenance === undefined) return;
  throw new Failure("maintenance", { retryAfterMs: maintenance.retryAfter });
}
