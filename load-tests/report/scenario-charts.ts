import type { Band, Chart, Line } from "./chart.ts";
import type { PhaseRow, ScenarioResult, Series } from "./results.ts";

import { linearAxis, logAxis, timeAxis } from "./axis.ts";
import { counted, digits } from "./figures.ts";

type Figures = readonly (number | null)[];

/** A chart shows at most about this many points of a line; beyond it, neighbours are put together. */
const maxPoints = 160;
/** Rates of a shorter time are mostly the noise of random arrivals. */
const minPointMs = 500;
/** Above this, a latency is shown by factors: base and collapse are on one chart. */
const maxLinearSpan = 8;

/** The charts over time of one run: rates, latencies, and what the gateway itself said. */
export function timeCharts(result: ScenarioResult, id: string): readonly Chart[] {
  const { series } = result;
  if (series === null || series.good.length === 0) return [];
  const bands = bandsOf(result);
  const end = Math.max((series.good.length * series.everyMs) / 1000, ...bands.map(({ to }) => to));
  const x = timeAxis(end);
  const told = `${result.name}, ${counted(bands.length, "phase")} over ${digits(end)} seconds.`;
  const frame = { x, xUnit: "s", bands };
  return [
    { ...frame, ...ratesChart(series, told), id: `${id}-rates` },
    { ...frame, ...latencyChart(series, told), id: `${id}-latency` },
    ...(hasFigures(series.limit) || hasFigures(series.inFlight)
      ? [{ ...frame, ...limitChart(series, told), id: `${id}-limit` }]
      : []),
  ];
}

type Drawn = Omit<Chart, "id" | "x" | "xUnit" | "bands">;

function ratesChart(series: Series, told: string): Drawn {
  const lines = [
    { name: "offered", kind: "offered", points: ratesOf(series.offered, series.everyMs) },
    { name: "goodput", kind: "good", points: ratesOf(series.good, series.everyMs) },
    { name: "shed", kind: "shed", points: ratesOf(series.shed, series.everyMs) },
    ...(series.failed.some((count) => count > 0)
      ? [{ name: "failed", kind: "failed", points: ratesOf(series.failed, series.everyMs) }]
      : []),
  ];
  return {
    title: "Offered, goodput, shed",
    yUnit: "requests per second",
    description: `${told} ${peaks(lines)} requests per second.`,
    y: linearAxis(highest(lines)),
    lines,
  };
}

function latencyChart(series: Series, told: string): Drawn {
  const size = pointSize(series.p50Ms.length, series.everyMs);
  const p50 = grouped(series.p50Ms, size).map((group) => mean(present(group)));
  const p99 = grouped(series.p99Ms, size).map((group) => greatest(present(group)));
  const lines = [
    { name: "p50", kind: "p50", points: timed(p50, size * series.everyMs) },
    { name: "p99", kind: "p99", points: timed(p99, size * series.everyMs) },
  ];
  const values = present([...p50, ...p99]).filter((value) => value > 0);
  const isLog = values.length > 0 && Math.max(...values) / Math.min(...values) > maxLinearSpan;
  return {
    title: "Latency of good answers",
    yUnit: `milliseconds${isLog ? ", by factors" : ""}`,
    description: `${told} ${peaks(lines)} milliseconds.`,
    y: isLog ? logAxis(values) : linearAxis(Math.max(0, ...values)),
    lines,
  };
}

function limitChart(series: Series, told: string): Drawn {
  const at = (values: Figures): Line["points"] =>
    series.sampledAtMs.map((ms, index) => [ms / 1000, values[index] ?? null] as const);
  const lines = [
    { name: "in flight", kind: "in-flight", points: at(series.inFlight) },
    { name: "queued", kind: "queued", points: at(series.queued) },
    { name: "limit", kind: "limit", points: at(series.limit), isStep: true },
  ].filter(({ points }) => points.some(([, y]) => y !== null));
  return {
    title: "Limit, in flight, queued",
    yUnit: "requests at once",
    description: `${told} ${peaks(lines)} requests at once.`,
    y: linearAxis(highest(lines)),
    lines,
  };
}

/** Goodput over time of several subjects in one scenario. */
export function subjectsChart(results: readonly ScenarioResult[], id: string): Chart | undefined {
  const drawn = results.filter(({ series }) => series !== null && series.good.length > 0);
  const [first] = drawn;
  if (drawn.length < 2 || first === undefined) return undefined;
  const lines = drawn.map(({ subject, series }, index) => ({
    name: subject,
    kind: subjectKind(index),
    points: series === null ? [] : ratesOf(series.good, series.everyMs),
  }));
  const end = Math.max(...drawn.map(({ series }) => ((series?.good.length ?? 0) * (series?.everyMs ?? 0)) / 1000));
  return {
    id: `${id}-subjects`,
    title: "Goodput by subject",
    yUnit: "requests per second",
    xUnit: "s",
    description: `${first.name}. ${peaks(lines)} requests per second.`,
    x: timeAxis(end),
    y: linearAxis(highest(lines)),
    bands: bandsOf(first),
    lines,
  };
}

/** Goodput against offered load, where the phases are several loads; undefined where they are not. */
export function sweepChart(results: readonly ScenarioResult[], id: string): Chart | undefined {
  const [first] = results;
  if (first === undefined || !isSweep(first)) return undefined;
  const lines = results.filter(isSweep).map((result, index) => ({
    name: results.length === 1 ? "goodput" : result.subject,
    kind: subjectKind(index),
    hasDots: true,
    points: [...lastOfEachRate(result).values()].map(
      ({ offered, good, seconds }) => [offered / seconds, good / seconds] as const,
    ),
  }));
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)));
  const { capacity } = first;
  const ideal = { name: "ideal", kind: "offered", points: idealOf(capacity, most) };
  const all = capacity === null ? lines : [ideal, ...lines];
  return {
    id: `${id}-sweep`,
    title: "Goodput against offered load",
    yUnit: "requests per second, both ways",
    description: lines.map(describeSweep).join(" "),
    x: linearAxis(most, 8),
    y: linearAxis(highest(all)),
    lines: all,
  };
}

function idealOf(capacity: number | null, most: number): Line["points"] {
  const knee = Math.min(capacity ?? most, most);
  return [
    [0, 0],
    [knee, knee],
    [most, knee],
  ];
}

function describeSweep({ name, points }: Line): string {
  return `${name}: ${points.map(([x, y]) => `${digits(y ?? 0)} of ${digits(x)} offered`).join(", ")}.`;
}

/** At least four loads that only rise: not a spike, which returns to where it was. */
function isSweep(result: ScenarioResult): boolean {
  const rates = result.phases.map(({ ratePerSecond }) => ratePerSecond);
  const rises = rates.every((rate, index) => index === 0 || rate >= (rates[index - 1] ?? 0));
  return rises && lastOfEachRate(result).size >= 4;
}

/** A warm-up at the rate of the phase after it is no point of its own. */
function lastOfEachRate({ phases }: ScenarioResult): ReadonlyMap<number, PhaseRow> {
  return new Map(phases.map((phase) => [phase.ratePerSecond, phase]));
}

function subjectKind(index: number): string {
  return index === 0 ? "good" : `subject-${((index - 1) % 6) + 1}`;
}

function bandsOf({ phases }: ScenarioResult): readonly Band[] {
  return phases.map(({ name, startsAtMs, seconds }) => ({
    name,
    from: startsAtMs / 1000,
    to: startsAtMs / 1000 + seconds,
  }));
}

function ratesOf(counts: readonly number[], everyMs: number): Line["points"] {
  const size = pointSize(counts.length, everyMs);
  const rates = grouped(counts, size).map(
    (group) => (group.reduce((sum, count) => sum + count, 0) * 1000) / (group.length * everyMs),
  );
  return timed(rates, size * everyMs);
}

/** A point stands in the middle of the time it tells of. */
function timed(values: Figures, everyMs: number): Line["points"] {
  return values.map((value, index) => [((index + 0.5) * everyMs) / 1000, value] as const);
}

function pointSize(length: number, everyMs: number): number {
  return Math.max(Math.ceil(minPointMs / everyMs), Math.ceil(length / maxPoints));
}

function grouped<T>(values: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}

function present(values: Figures): readonly number[] {
  return values.filter((value) => value !== null);
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function greatest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}

function hasFigures(values: Figures): boolean {
  return values.some((value) => value !== null);
}

function highest(lines: readonly Line[]): number {
  return Math.max(0, ...lines.flatMap(({ points }) => present(points.map(([, y]) => y))));
}

function peaks(lines: readonly Line[]): string {
  const told = lines.map(({ name, points }) => `${name} ${digits(greatest(present(points.map(([, y]) => y))) ?? 0)}`);
  return `At most: ${told.join(", ")}`;
}
