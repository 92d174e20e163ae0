import type { FailureCode } from "../../../gateway/failures/codes.ts";

/** Rows that are not reserved and whose producers are still to be built; every other row has a journey. */
export const awaiting: readonly FailureCode[] = [];
