import type { Options } from "./options.ts";
import type { Subject } from "./subject.ts";
import type { Workload } from "./workload.ts";

import { expectedOf, workloads } from "./workload.ts";

/** One row of the results: a workload over so many connections, for the subjects that can do it. */
export interface PlannedCell<S extends Pick<Subject, "kind"> = Subject> {
  readonly workload: Workload;
  readonly connections: number;
  readonly subjects: readonly S[];
}

/** The time that opening connections, settling and reading /proc takes beside a slice. */
const overheadMs = 120;
/** The time that a subject takes to start and to stop. */
const startMs = 600;

/** All cells, those that no subject can do left out. */
export function planOf<S extends Pick<Subject, "kind">>(
  options: Pick<Options, "workloads" | "connections">,
  subjects: readonly S[],
): ReadonlyArray<PlannedCell<S>> {
  return workloads
    .filter(({ name }) => options.workloads.includes(name))
    .flatMap((workload) => {
      const able = subjects.filter(({ kind }) => expectedOf(workload, kind) !== undefined);
      const counts = workload.name === "get" ? options.connections : [workload.connections];
      return able.length === 0 ? [] : counts.map((connections) => ({ workload, connections, subjects: able }));
    });
}

/**
 * The order of subjects in a round: each round begins with another one, and every second round runs backwards, so that
 * a machine that changes speed meanwhile does not favour one of them.
 */
export function orderOf<T>(subjects: readonly T[], round: number): readonly T[] {
  const start = subjects.length === 0 ? 0 : round % subjects.length;
  const rotated = [...subjects.slice(start), ...subjects.slice(0, start)];
  return round % 2 === 0 ? rotated : rotated.toReversed();
}

/** Length of the warm-up of each process before the first cell. */
export function firstWarmUpMsOf({ warmUpMs }: Pick<Options, "warmUpMs">): number {
  return 3 * warmUpMs;
}

/** The rounds that each life of the processes sees: all, or one each if every round has processes of its own. */
export function livesOf({ rounds, isFresh }: Pick<Options, "rounds" | "isFresh">): ReadonlyArray<readonly number[]> {
  const all = Array.from({ length: rounds }, (_, round) => round);
  return isFresh ? all.map((round) => [round]) : [all];
}

type Times = Pick<Options, "rounds" | "isFresh" | "sliceMs" | "warmUpMs">;
type Sizes = ReadonlyArray<{ readonly workload: Pick<Workload, "stretch">; readonly subjects: readonly unknown[] }>;

/** Slices and warm-ups of the whole run. */
export function stepsOf(plan: Sizes, options: Times): number {
  const lives = livesOf(options).length;
  const turns = plan.reduce((sum, { subjects }) => sum + subjects.length, 0);
  return turns * (lives + options.rounds) + lives * (plan[0]?.subjects.length ?? 0);
}

/** About how long the plan takes, in milliseconds. */
export function durationMsOf(plan: Sizes, options: Times): number {
  const { rounds, sliceMs, warmUpMs } = options;
  const lives = livesOf(options).length;
  const first = (plan[0]?.subjects.length ?? 0) * (startMs + firstWarmUpMsOf(options) + overheadMs);
  return plan.reduce((sum, { workload, subjects }) => {
    const turnMs = lives * (warmUpMs + overheadMs) + rounds * (sliceMs * (workload.stretch ?? 1) + overheadMs);
    return sum + subjects.length * turnMs;
  }, lives * first);
}
