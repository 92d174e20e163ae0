import type { Options } from "./options.ts";
import type { PlannedCell } from "./plan.ts";
import type { Progress } from "./progress.ts";
import type { Cell } from "./results.ts";
import type { Slice } from "./slice.ts";
import type { Stage, Standing } from "./stage.ts";

import { figuresOf } from "./figures.ts";
import { firstWarmUpMsOf, orderOf, planOf } from "./plan.ts";
import { expectedOf } from "./workload.ts";

interface Watch {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Measures all cells, one after another. Throws the signal's reason if it aborts. */
export async function measure(options: Options, stage: Stage, watch: Watch): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  const plan = planOf(options, stage.standing);
  const [first] = plan;
  // Code that is compiled once it is hot would make the first cell dearer than the others.
  const durationMs = firstWarmUpMsOf(options);
  if (first !== undefined) {
    for (const one of first.subjects) await runOne(first, one, { options, stage, watch, durationMs });
  }
  for (const planned of plan) {
    cells.push(await measureCell(planned, { options, stage, watch }));
  }
  return cells;
}

interface Run {
  readonly options: Options;
  readonly stage: Stage;
  readonly watch: Watch;
}

async function measureCell(planned: PlannedCell<Standing>, run: Run): Promise<Cell> {
  const { workload, connections, subjects } = planned;
  const { rounds, warmUpMs } = run.options;
  const sliceMs = run.options.sliceMs * (workload.stretch ?? 1);
  const warmUps = new Map<string, Slice>();
  const slices = new Map<string, Slice[]>(subjects.map(({ name }) => [name, []]));
  for (const one of subjects) warmUps.set(one.name, await runOne(planned, one, { ...run, durationMs: warmUpMs }));
  for (let round = 0; round < rounds; round += 1) {
    for (const one of orderOf(subjects, round)) {
      slices.get(one.name)?.push(await runOne(planned, one, { ...run, durationMs: sliceMs }));
    }
  }
  const measured = subjects.flatMap(({ name }) => {
    const warmUp = warmUps.get(name);
    return warmUp === undefined ? [] : [{ subject: name, warmUp, rounds: slices.get(name) ?? [] }];
  });
  const { name, title, unit } = workload;
  return { workload: name, title, unit, connections, figures: figuresOf(measured, unit) };
}

async function runOne(
  { workload, connections }: PlannedCell<Standing>,
  { name, kind, proxy }: Standing,
  { stage, watch, durationMs }: Run & { readonly durationMs: number },
): Promise<Slice> {
  const expected = expectedOf(workload, kind);
  if (expected === undefined) throw new TypeError(`${name} cannot do ${workload.name}`);
  watch.progress.step(`${workload.title}, ${connections} connections, ${name}`);
  const { port, pid } = proxy;
  const request = workload.request.request.toString("latin1");
  const slice = await stage.driver.run({ port, pid, request, expected, connections, durationMs }, watch.signal);
  proxy.clearLogs();
  return slice;
}
