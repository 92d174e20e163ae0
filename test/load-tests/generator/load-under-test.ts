import type { Address } from "../../../load-tests/generator/connection.ts";
import type { LoadResult } from "../../../load-tests/generator/load-result.ts";
import type { Watcher } from "../../../load-tests/generator/open-loop.ts";
import type { LoadPlan, RequestClass } from "../../../load-tests/generator/plan.ts";

import { OpenLoop } from "../../../load-tests/generator/open-loop.ts";

/** Patient enough for a busy machine. */
export const request: RequestClass = { name: "ordinary", share: 1, path: "/", deadlineMs: 10_000 };

type Given = Partial<LoadPlan> & Pick<LoadPlan, "ports">;

/** A hundred requests within a quarter of a second, at even gaps, unless told otherwise. */
export function planOf(given: Given): LoadPlan {
  const phases = [{ name: "steady", seconds: 0.25, ratePerSecond: 400, spacing: "constant" }] as const;
  return { seed: 1, classes: [request], phases, ...given };
}

/** Carries a plan out in this very process. */
export async function runLoad(given: Given, watcher: Watcher = {}): Promise<LoadResult> {
  const addresses = given.ports.map((port) => ({ host: "127.0.0.1", port }));
  return new OpenLoop(planOf(given), addresses as unknown as readonly [Address, ...Address[]], watcher).run();
}

/** Keeps this process from doing anything else, as a long garbage collection or a starved machine does. */
export function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
