import type { ScenarioRun } from "../../scenario.ts";

import { endsAtMs } from "./phase.ts";

/** Seconds until the last attacker of a kind was shown the door, or the whole load's time where one never was. */
export function evictedAfterSeconds(run: ScenarioRun, kind: string): number {
  const result = run.load.attackers.find((each) => each.kind === kind);
  if (result === undefined) throw new TypeError(`the run has no attackers of kind ${kind}`);
  const longest = Math.max(...run.load.phases.map(endsAtMs));
  return (result.closed < result.connections ? longest : result.closedAfterMs.max) / 1000;
}
