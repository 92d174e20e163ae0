import type { Slices } from "./figures.ts";
import type { Options } from "./options.ts";
import type { PlannedCell } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { Cell, SubjectRecord } from "./results.ts";
import type { Slice } from "./slice.ts";
import type { Stage, Standing } from "./stage.ts";
import type { Subject } from "./subject.ts";

import { figuresOf } from "./figures.ts";
import { durationMsOf, firstWarmUpMsOf, livesOf, orderOf, planOf, stepsOf } from "./plan.ts";
import { setStage } from "./stage.ts";
import { expectedOf } from "./workload.ts";

export interface Watch {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** What all rounds of a run have measured. */
export interface Measured {
  readonly cells: readonly Cell[];
  /** Of all subjects, those that were skipped as well. */
  readonly records: readonly SubjectRecord[];
}

/** The slices of one subject in one cell so far. */
interface Measurement extends Slices {
  readonly warmUps: Slice[];
  readonly rounds: Slice[];
}

/** Measures all cells in all rounds. Throws the signal's reason if it aborts. */
export async function measure(options: Options, subjects: readonly Subject[], watch: Watch): Promise<Measured> {
  const run = new Run(options, watch);
  let records: readonly SubjectRecord[] = [];
  let standing = subjects;
  for (const rounds of livesOf(options)) {
    await using stage = await setStage(standing, watch);
    if (records.length === 0) {
      ({ records } = stage);
      standing = subjects.filter(({ name }) => stage.standing.some((one) => one.name === name));
      const plan = planOf(options, standing);
      watch.progress.begin(stepsOf(plan, options), durationMsOf(plan, options));
    }
    await run.live(stage, rounds);
  }
  return { records, cells: run.cells() };
}

class Run {
  readonly #options: Options;
  readonly #watch: Watch;
  /** By cell, then by subject. */
  readonly #measurements = new Map<string, { planned: PlannedCell<Standing>; bySubject: Map<string, Measurement> }>();

  constructor(options: Options, watch: Watch) {
    this.#options = options;
    this.#watch = watch;
  }

  /** Measures rounds on processes that have just been started: each is warmed up first, and again before each cell. */
  async live(stage: Stage, rounds: readonly number[]): Promise<void> {
    const plan = planOf(this.#options, stage.standing);
    const [first] = plan;
    if (first === undefined) return;
    for (const one of first.subjects) {
      const slice = await this.#load(stage, first, { one, durationMs: firstWarmUpMsOf(this.#options) });
      this.#measurementOf(first, one).warmUps.push(slice);
    }
    for (const [turn, round] of rounds.entries()) {
      for (const planned of plan) await this.#measureCell(stage, planned, { round, isFirst: turn === 0 });
    }
  }

  async #measureCell(
    stage: Stage,
    planned: PlannedCell<Standing>,
    { round, isFirst }: { readonly round: number; readonly isFirst: boolean },
  ): Promise<void> {
    const { sliceMs, warmUpMs } = this.#options;
    const order = orderOf(planned.subjects, round);
    for (const one of isFirst ? order : []) {
      this.#measurementOf(planned, one).warmUps.push(await this.#load(stage, planned, { one, durationMs: warmUpMs }));
    }
    const durationMs = sliceMs * (planned.workload.stretch ?? 1);
    for (const one of order) {
      this.#measurementOf(planned, one).rounds.push(await this.#load(stage, planned, { one, durationMs }));
    }
  }

  async #load(
    stage: Stage,
    { workload, connections }: PlannedCell<Standing>,
    { one, durationMs }: { readonly one: Standing; readonly durationMs: number },
  ): Promise<Slice> {
    const { name, kind, proxy } = one;
    const { port, pid } = proxy;
    const expected = expectedOf(workload, kind);
    if (expected === undefined) throw new TypeError(`${name} cannot do ${workload.name}`);
    this.#watch.progress.step(`${workload.title}, ${connections} connections, ${name}`);
    const request = workload.request.request.toString("latin1");
    const order = { port, pid, request, expected, connections, durationMs };
    const slice = await stage.driver.run(order, this.#watch.signal);
    proxy.clearLogs();
    return slice;
  }

  #measurementOf(planned: PlannedCell<Standing>, { name }: Standing): Measurement {
    const key = `${planned.workload.name} ${planned.connections}`;
    const cell = this.#measurements.get(key) ?? { planned, bySubject: new Map<string, Measurement>() };
    this.#measurements.set(key, cell);
    const measurement = cell.bySubject.get(name) ?? { subject: name, warmUps: [], rounds: [] };
    cell.bySubject.set(name, measurement);
    return measurement;
  }

  /** In the order of the plan, with subjects in the order of the list. */
  cells(): readonly Cell[] {
    return [...this.#measurements.values()].map(({ planned, bySubject }) => {
      const { workload, connections, subjects } = planned;
      const { name, title, unit } = workload;
      const slices = subjects.flatMap((one) => bySubject.get(one.name) ?? []);
      return { workload: name, title, unit, connections, figures: figuresOf(slices, unit) };
    });
  }
}
