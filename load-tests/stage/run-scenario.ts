import type { LoadResult } from "../generator/load-result.ts";
import type { Scenario, ScenarioRun, Subject } from "../scenario.ts";
import type { StandingStage } from "./stage.ts";
import type { Tick } from "./tick.ts";

import { generate } from "../generator/client.ts";
import { calm, liveBytesOf } from "./calm.ts";
import { Course } from "./course.ts";
import { loadPlan } from "./load-plan.ts";
import { Sampler } from "./sampler.ts";
import { setStage } from "./stage.ts";
import { Ticker } from "./tick.ts";

export interface RunOptions {
  readonly isQuick: boolean;
  /** Of arrivals and service times. */
  readonly seed: number;
  /** Once a second while the load runs. */
  readonly onTick?: ((tick: Tick) => void) | undefined;
  /** Ends the run, and everything that was started for it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a scenario once, on a stage that is made for it and gone afterwards. A run whose generator was not valid is
 * repeated once; the second one is answered as it is. Rejects where a process ends, an act fails or the signal comes.
 */
export async function runScenario(scenario: Scenario, subject: Subject, options: RunOptions): Promise<ScenarioRun> {
  const run = await runOnce(scenario, subject, options);
  return run.load.validity.isValid ? run : runOnce(scenario, subject, options);
}

async function runOnce(scenario: Scenario, subject: Subject, options: RunOptions): Promise<ScenarioRun> {
  options.signal?.throwIfAborted();
  await using stage = await setStage(scenario, subject, options.seed);
  const before = await Promise.all(stage.gateways.map(liveBytesOf));
  const seen = await watchLoad(scenario, stage, options);
  const end = await calm(stage.gateways, before);
  options.signal?.throwIfAborted();
  const run = { ...seen, capacity: stage.capacity, end, notes: { ...stage.notes } };
  return { ...run, load: doubted(run.load, scenario.doubts?.(run) ?? []) };
}

function doubted(load: LoadResult, doubts: readonly string[]): LoadResult {
  if (doubts.length === 0) return load;
  const { validity } = load;
  return { ...load, validity: { ...validity, isValid: false, reasons: [...validity.reasons, ...doubts] } };
}

type Seen = Pick<ScenarioRun, "load" | "samples" | "counters">;

/** What was prepared ends with the load: it may leave notes as it goes. */
async function watchLoad(scenario: Scenario, stage: StandingStage, options: RunOptions): Promise<Seen> {
  const failed = new AbortController();
  const fail = (error: unknown): void => failed.abort(error);
  const signals = [failed.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const signal = AbortSignal.any(signals);
  const phases = scenario.phases(options.isQuick);
  await using _prepared = await scenario.prepare?.(stage);
  const course = new Course(stage, phases, fail);
  using sampler = new Sampler(stage, fail);
  const load = await underLoad();
  const counters = await course.end();
  signal.throwIfAborted();
  return { load, samples: [...sampler.samples], counters };

  function underLoad(): Promise<LoadResult> {
    const ticker = new Ticker();
    const { capacity } = stage;
    const ports = stage.gateways.map(({ port }) => port);
    return generate(loadPlan(scenario, { phases, capacity, ports, seed: options.seed }), {
      onPhase(name, atMs) {
        // Phases are told as they begin: the first tells when the load began.
        sampler.start(atMs);
        course.enter(name);
      },
      onBucket(bucket) {
        const tick = ticker.take(bucket, sampler.samples.at(-1));
        if (tick !== undefined) options.onTick?.(tick);
      },
      signal,
    });
  }
}
