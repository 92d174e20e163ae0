import type { FailureCode } from "../../../gateway/failures/codes.ts";

/** Rows that are not reserved and whose producers are still to be built; every other row has a journey. */
export const awaiting: readonly FailureCode[] = [
  "upstream_body_too_large",
  "upstream_schema_violation",
  "no_healthy_upstream",
];
