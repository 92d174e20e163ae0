import type { Bucket, LoadResult } from "./load-result.ts";
import type { LoadPlan } from "./plan.ts";

/** To the generator's process: the one message that starts it. */
export interface Order {
  readonly plan: LoadPlan;
}

/** From the generator's process, each with one of these. */
export type Report =
  | { readonly begun: string; readonly atMs: number }
  | { readonly bucket: Bucket }
  | { readonly result: LoadResult }
  | { readonly failed: string };
