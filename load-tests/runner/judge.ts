import type { Results, ScenarioResult, ThresholdResult } from "../report/results.ts";
import type { Scenario, ScenarioRun, Subject, Threshold } from "../scenario.ts";

import { phaseRows, seriesOf } from "./run-record.ts";

/** What is told of a trial whatever came of it. */
export interface Judged {
  readonly scenario: Pick<Scenario, "number" | "name" | "question" | "thresholds">;
  readonly subject: Pick<Subject, "name" | "setting">;
  readonly isReference: boolean;
}

/** One threshold over the runs of a scenario: the median decides. What could not be measured is missed. */
export function judge(threshold: Threshold, runs: readonly ScenarioRun[], isAlways = false): ThresholdResult {
  const { says, unit, atLeast, atMost } = threshold;
  const values = runs.map((run) => threshold.of(run));
  const median = medianOf(values, atMost === undefined ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  const isMet = median >= (atLeast ?? Number.NEGATIVE_INFINITY) && median <= (atMost ?? Number.POSITIVE_INFINITY);
  const isFigure = atLeast === undefined && atMost === undefined;
  return {
    says,
    unit,
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(atMost === undefined ? {} : { atMost }),
    values: values.map(toFigure),
    median: toFigure(median),
    isMet: isFigure || (isMet && Number.isFinite(median)),
    isAlways,
  };
}

/** Of an even number the mean of the two in the middle. Not-a-numbers count as the worst there is. */
function medianOf(values: readonly number[], worst: number): number {
  const sorted = values.map((value) => (Number.isNaN(value) ? worst : value)).toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return upper === lower ? upper : (lower + upper) / 2;
}

/** JSON has neither infinity nor not-a-number. */
function toFigure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}

/** All that is told of a trial, from its runs. */
export function judgeTrial(trial: Judged, runs: readonly ScenarioRun[], always: readonly Threshold[]): ScenarioResult {
  const reasons = [...new Set(runs.flatMap(({ load }) => (load.validity.isValid ? [] : load.validity.reasons)))];
  const isInvalid = runs.some(({ load }) => !load.validity.isValid);
  const shown = typicalRun(runs);
  const thresholds = [
    ...trial.scenario.thresholds.map((one) => judge(one, runs)),
    // Of a reference there is no more to know than how it compares.
    ...(trial.isReference ? [] : always.map((one) => judge(one, runs, true))),
  ];
  const isPassed = thresholds.every(({ isMet }) => isMet);
  return {
    ...unjudged(trial, isInvalid ? "invalid" : isPassed ? "passed" : "failed", reasons),
    thresholds,
    capacity: toFigure(shown.capacity),
    phases: phaseRows(shown),
    series: seriesOf(shown),
    notes: Object.fromEntries(Object.entries(shown.notes).map(([name, value]) => [name, toFigure(value)])),
  };
}

/** A trial of which nothing was measured. */
export function unjudged(
  { scenario, subject, isReference }: Judged,
  verdict: ScenarioResult["verdict"],
  reasons: readonly string[],
): ScenarioResult {
  const { number, name, question } = scenario;
  return {
    number,
    name,
    question,
    subject: subject.name,
    setting: subject.setting,
    isReference,
    verdict,
    reasons: [...reasons],
    capacity: null,
    thresholds: [],
    phases: [],
    series: null,
    notes: {},
  };
}

/** The run whose goodput is the median one: what is drawn. */
function typicalRun(runs: readonly ScenarioRun[]): ScenarioRun {
  const sorted = runs.toSorted((a, b) => goodOf(a) - goodOf(b));
  const typical = sorted[Math.floor((sorted.length - 1) / 2)];
  if (typical === undefined) throw new TypeError("a trial without runs has nothing to be judged by");
  return typical;
}

function goodOf({ load }: ScenarioRun): number {
  return load.phases.reduce((sum, { all }) => sum + all.good, 0);
}

/**
 * The verdict on all. A scenario that could not be measured makes the whole invalid, even where others failed: half a
 * proof is none. References decide nothing; nor does what was skipped.
 */
export function overallVerdict({
  scenarios,
  comparisons,
}: Pick<Results, "scenarios" | "comparisons">): Results["verdict"] {
  const own = scenarios.filter(({ isReference }) => !isReference);
  if (own.some(({ verdict }) => verdict === "invalid")) return "invalid";
  const compared = comparisons.flatMap(({ rows }) => rows[0]?.cells ?? []);
  const isFailed = own.some(({ verdict }) => verdict === "failed") || compared.some(({ isMet }) => isMet === false);
  return isFailed ? "failed" : "passed";
}

const exitCodes = { passed: 0, failed: 1, invalid: 3 } as const;

export function exitCodeOf(verdict: Results["verdict"]): number {
  return exitCodes[verdict];
}
