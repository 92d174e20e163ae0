import type { Comparison, ScenarioResult } from "../report/results.ts";
import type { LimitMeasure, LimitScenario } from "./limit-scenarios.ts";

import { limitScenarios } from "./limit-scenarios.ts";

/** What the table needs of a result. */
export interface LimitResult extends Pick<ScenarioResult, "subject" | "setting"> {
  readonly thresholds: ReadonlyArray<Pick<ScenarioResult["thresholds"][number], "says" | "median">>;
}

type Cell = Comparison["rows"][number]["cells"][number];

/** Measured, measured without a finite value (it never recovered; nothing was good), or not measured. */
type Value = number | null | undefined;

/**
 * The subjects beside each other, a row each: the best of each column is marked, whoever it is, and so is every demand
 * that is missed. The last column says what a subject misses.
 */
export function limitTable(
  results: readonly LimitResult[],
  scenarios: readonly LimitScenario[] = limitScenarios,
): Comparison {
  const measures = scenarios.flatMap(({ thresholds }) => thresholds);
  const subjects = [...new Map(results.map(({ subject, setting }) => [subject, setting]))];
  const columns = measures.map((measure) => columnOf(measure, valuesOf(measure, subjects, results)));
  return {
    title: "Limits compared",
    columns: ["limit", ...measures.map(({ title }) => title), "misses"],
    rows: subjects.map(([name, setting], row) => {
      const cells = columns.map((column) => column[row] ?? { text: "–" });
      return { name, setting, cells: [...cells, missesOf(measures, cells)] };
    }),
  };
}

function valuesOf(
  { says }: LimitMeasure,
  subjects: ReadonlyArray<readonly [name: string, setting: string]>,
  results: readonly LimitResult[],
): readonly Value[] {
  const medians = new Map<string, number | null>();
  for (const { subject, thresholds } of results)
    for (const threshold of thresholds) if (threshold.says === says) medians.set(subject, threshold.median);
  return subjects.map(([subject]) => medians.get(subject));
}

function columnOf(measure: LimitMeasure, values: readonly Value[]): readonly Cell[] {
  const best = bestOf(
    measure,
    values.filter((value) => typeof value === "number"),
  );
  return values.map((value) => {
    if (value === undefined) return { text: "–" };
    const isMet = isDemanding(measure) ? { isMet: meets(measure, value, best) } : {};
    return { text: textOf(measure, value), ...(value === best ? { isBest: true } : {}), ...isMet };
  });
}

function bestOf({ isLowBest }: LimitMeasure, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return isLowBest === true ? Math.min(...values) : Math.max(...values);
}

function isDemanding({ atLeast, atMost, atLeastOfBest }: LimitMeasure): boolean {
  return atLeast !== undefined || atMost !== undefined || atLeastOfBest !== undefined;
}

function meets({ atLeast, atMost, atLeastOfBest }: LimitMeasure, value: number | null, best: number = 0): boolean {
  if (value === null) return false;
  return (
    value >= (atLeast ?? Number.NEGATIVE_INFINITY) &&
    value <= (atMost ?? Number.POSITIVE_INFINITY) &&
    value >= (atLeastOfBest ?? 0) * best
  );
}

function textOf({ unit, isMultiple }: LimitMeasure, value: number | null): string {
  if (value === null) return unit === "s" ? "never" : "none";
  if (unit === "s") return `${value.toFixed(2)} s`;
  return isMultiple === true ? `${value.toFixed(1)} ×` : `${(value * 100).toFixed(1)} %`;
}

function missesOf(measures: readonly LimitMeasure[], cells: readonly Cell[]): Cell {
  const missed = measures.filter((_measure, column) => cells[column]?.isMet === false).map(({ title }) => title);
  if (missed.length > 0) return { text: missed.join("; "), isMet: false };
  const isWhole = measures.every((measure, column) => !isDemanding(measure) || cells[column]?.isMet === true);
  return isWhole ? { text: "nothing", isMet: true } : { text: "nothing of what was measured" };
}
