import type { ScenarioRun } from "../../scenario.ts";

/**
 * Share of the clients that left on purpose whose request was cancelled at the service within some time of its
 * arrival there. Counts all of the load: the last phase's counters are the latest.
 */
export function cancelledShare(run: ScenarioRun, withinMs: number): number {
  const left = run.load.phases.reduce((sum, { all }) => sum + all.left, 0);
  const last = run.load.phases.at(-1)?.name ?? "start";
  const cancelled = run.counters[last]?.[0]?.leftAfterMs.filter((afterMs) => afterMs <= withinMs).length ?? 0;
  return left === 0 ? 0 : Math.min(1, cancelled / left);
}
