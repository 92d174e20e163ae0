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

/** Length of the warm-up of each subject before the first cell. */
export function firstWarmUpMsOf({ warmUpMs }: Pick<Options, "warmUpMs">): number {
  return 2 * warmUpMs;
}

/** About how long the plan takes, in milliseconds. */
export function durationMsOf(
  plan: ReadonlyArray<{ readonly workload: Pick<Workload, "stretch">; readonly subjects: readonly unknown[] }>,
  { rounds, sliceMs, warmUpMs }: Pick<Options, "rounds" | "sliceMs" | "warmUpMs">,
): number {
  const firstMs = (plan[0]?.subjects.length ?? 0) * (firstWarmUpMsOf({ warmUpMs }) + overheadMs);
  return plan.reduce((sum, { workload, subjects }) => {
    const turnMs = warmUpMs + overheadMs + rounds * (sliceMs * (workload.stretch ?? 1) + overheadMs);
    return sum + subjects.length * turnMs;
  }, firstMs);
}
