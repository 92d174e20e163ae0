import type { ThresholdResult } from "./results.ts";

type Bound = Pick<ThresholdResult, "unit" | "atLeast" | "atMost">;

/** At most three digits that mean something, thousands apart: `12,400`, `97.3`, `0.25`. */
export function digits(value: number): string {
  const size = Math.abs(value);
  const places = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = value.toLocaleString("en-US", { maximumFractionDigits: places });
  return text === "-0" ? "0" : text;
}

/** A measured figure as its threshold counts it; `none` where there was nothing to measure. */
export function measured(value: number | null, bound: Bound): string {
  return value === null ? "none" : inUnit(value, bound);
}

/** The runs one by one, as `measured` without the unit. */
export function eachMeasured(values: readonly (number | null)[], bound: Bound): string {
  return values.map((value) => measured(value, bound).replace(/ [^ ]+$/, "")).join(" · ");
}

/** `≥ 95 %`, `≤ 2 ×`, or both; empty for a figure that is told and not judged. */
export function boundOf(bound: Bound): string {
  const least = bound.atLeast === undefined ? [] : [`≥ ${inUnit(bound.atLeast, bound)}`];
  const most = bound.atMost === undefined ? [] : [`≤ ${inUnit(bound.atMost, bound)}`];
  return [...least, ...most].join(" and ");
}

/** Whether there is anything to meet. */
export function isJudged({ atLeast, atMost }: Bound): boolean {
  return atLeast !== undefined || atMost !== undefined;
}

/** Shares of a whole read best in percent, multiples of a baseline as factors; the bound tells which it is. */
function inUnit(value: number, { unit, atLeast, atMost }: Bound): string {
  if (unit === "count") return digits(value);
  if (unit !== "ratio") return `${digits(value)} ${unit}`;
  return (atMost ?? atLeast ?? 0) > 1.05 ? `${digits(value)} ×` : `${digits(value * 100)} %`;
}

/** Of requests: a percentage with as many places as tell 0.04 % from nothing. */
export function share(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent.toLocaleString("en-US", { maximumFractionDigits: percent < 10 ? 1 : 0 })} %`;
}

export function milliseconds(value: number | null): string {
  return value === null ? "–" : `${digits(value)} ms`;
}

/** `1 min 18 s`, `42 s`. */
export function timeSpan(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? "" : ` ${rest} s`}`;
}

/** `1 threshold`, `3 thresholds`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
