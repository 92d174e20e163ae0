import type { ScenarioResult } from "../report/results.ts";
import type { ScenarioRun } from "../scenario.ts";
import type { Order } from "./command-line.ts";
import type { Display } from "./display.ts";
import type { Judged } from "./judge.ts";
import type { Trial } from "./programme.ts";

import { always } from "../stage/always.ts";
import { runScenario } from "../stage/run-scenario.ts";
import { judgeTrial, unjudged } from "./judge.ts";
import { scaled } from "./programme.ts";

/** Who is told of a run, and who may end it. */
export interface Watch {
  readonly display: Display;
  readonly signal: AbortSignal;
}

type Runs = Pick<Order, "runs" | "seed" | "scale" | "isQuick">;

/** All runs of one trial, and what they prove. Rejects only where the signal comes. */
export async function perform(trial: Trial, order: Runs, watch: Watch): Promise<ScenarioResult> {
  const unmet = trial.scenario.unmet?.() ?? trial.subject.unmet?.();
  if (unmet !== undefined) return unjudged(trial, "skipped", [unmet]);
  const scenario = scaled(trial.scenario, order.scale);
  const { isQuick } = order;
  const runOnce = (seed: number): Promise<ScenarioRun> =>
    runScenario(scenario, trial.subject, {
      isQuick,
      seed,
      signal: watch.signal,
      onTick: (tick) => watch.display.tick(tick),
    });
  return performRuns(trial, { ...order, always: trial.isReference ? [] : always, runOnce }, watch);
}

export interface Runner extends Pick<Order, "runs" | "seed"> {
  readonly always: typeof always;
  runOnce(seed: number): Promise<ScenarioRun>;
}

/** Each run with a seed of its own. What cannot be run to its end is invalid, and says why. */
export async function performRuns(trial: Judged, runner: Runner, { display, signal }: Watch): Promise<ScenarioResult> {
  const runs: ScenarioRun[] = [];
  try {
    for (let run = 0; run < runner.runs; run += 1) {
      display.begin(titleOf(trial, run, runner.runs));
      runs.push(await runner.runOnce(runner.seed + run));
      display.end();
    }
    return judgeTrial(trial, runs, runner.always);
  } catch (error) {
    display.end();
    signal.throwIfAborted();
    return unjudged(trial, "invalid", [error instanceof Error ? error.message : String(error)]);
  }
}

function titleOf({ scenario, subject, isReference }: Judged, run: number, runs: number): string {
  const of = runs === 1 ? "" : ` ${run + 1}/${runs}`;
  return `${scenario.name}${isReference ? ` (${subject.name})` : ""}${of}`;
}
