import type { LoadResult } from "../generator/load-result.ts";
import type { PhaseRow, Series } from "../report/results.ts";
import type { ScenarioRun } from "../scenario.ts";

const everyMs = 250;

/** The phases of a run as results.json tells them. */
export function phaseRows({ load }: Pick<ScenarioRun, "load">): PhaseRow[] {
  return load.phases.map(({ name, seconds, startsAtMs, ratePerSecond, all }) => ({
    name,
    seconds,
    startsAtMs: Math.round(startsAtMs),
    ratePerSecond: short(ratePerSecond),
    offered: all.offered,
    good: all.good,
    shed: all.shed,
    left: all.left,
    failed: all.late + all.broken + all.refused,
    p50Ms: all.goodMs.count === 0 ? null : short(all.goodMs.p50),
    p99Ms: all.goodMs.count === 0 ? null : short(all.goodMs.p99),
  }));
}

/** What was seen over time. Several gateways are told as one: the sum. */
export function seriesOf({ load, samples }: Pick<ScenarioRun, "load" | "samples">): Series {
  const { buckets } = load;
  // A peer that cannot be asked is told of with zeros; a gateway's limit is never 0.
  const told = samples.filter(({ limit }) => limit.some((permits) => permits > 0));
  return {
    everyMs,
    offered: buckets.map(({ offered }) => offered),
    good: buckets.map(({ good }) => good),
    shed: buckets.map(({ shed }) => shed),
    failed: buckets.map(({ failed }) => failed),
    p50Ms: latencies(buckets, "goodP50Ms"),
    p99Ms: latencies(buckets, "goodP99Ms"),
    sampledAtMs: told.map(({ atMs }) => Math.round(atMs)),
    limit: told.map(({ limit }) => sum(limit)),
    inFlight: told.map(({ inFlight }) => sum(inFlight)),
    queued: told.map(({ queued }) => sum(queued)),
  };
}

function latencies(buckets: LoadResult["buckets"], member: "goodP50Ms" | "goodP99Ms"): (number | null)[] {
  return buckets.map((bucket) =>
    bucket.good === 0 || !Number.isFinite(bucket[member]) ? null : short(bucket[member]),
  );
}

function sum(values: readonly number[]): number | null {
  const total = values.reduce((before, value) => before + value, 0);
  return Number.isFinite(total) ? short(total) : null;
}

/** Four digits: what noise leaves of a measurement, and results.json small. */
function short(value: number): number {
  return Number(value.toPrecision(4));
}
