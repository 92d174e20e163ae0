import type { RouteConfig } from "../config/schema.ts";

import { Failure } from "../failures/failure.ts";

/** Refuses every request of a route under maintenance. Failure: maintenance. */
export function refuseUnderMaintenance(route: RouteConfig): void {
  if (route.maintenance === undefined) return;
  throw new Failure("maintenance", { retryAfterMs: route.maintenance.retryAfter });
}
