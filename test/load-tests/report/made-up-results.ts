import type { PhaseRow, Results, ScenarioResult, Series, ThresholdResult } from "../../../load-tests/report/results.ts";

interface Shape {
  readonly capacity: number;
  /** Name, seconds, load in multiples of the capacity, and how much of the capacity is left. */
  readonly phases: ReadonlyArray<readonly [name: string, seconds: number, load: number, rest?: number]>;
  /** Goodput at overload as a share of the capacity that is left: 1 for a gateway that sheds, 0.1 for one that does not. */
  readonly holds: number;
}

interface Made {
  readonly phases: PhaseRow[];
  readonly series: Series;
}

const everyMs = 250;

/** Something like noise, the same each time. */
function wobble(index: number): number {
  return 1 + 0.05 * Math.sin(index * 12.9898) * Math.cos(index * 4.1414);
}

/** What a run of this shape could have looked like. */
function makeRun({ capacity, phases, holds }: Shape): Made {
  const series: Record<Exclude<keyof Series, "everyMs">, number[]> = {
    offered: [],
    good: [],
    shed: [],
    failed: [],
    p50Ms: [],
    p99Ms: [],
    sampledAtMs: [],
    limit: [],
    inFlight: [],
    queued: [],
  };
  const rows: PhaseRow[] = [];
  let limit = 20;
  for (const [name, seconds, load, rest = 1] of phases) {
    const startsAtMs = series.good.length * everyMs;
    const least = Math.min(load, rest * (load > rest ? holds : 1));
    for (let index = 0; index < (seconds * 1000) / everyMs; index += 1) {
      const at = series.good.length;
      const perInterval = (capacity * everyMs) / 1000;
      const offered = Math.round(load * perInterval * wobble(at));
      const good = Math.min(offered, Math.round(least * perInterval * wobble(at + 7)));
      const isOver = load > rest;
      limit += ((isOver ? 14 : 22) - limit) * 0.3;
      series.offered.push(offered);
      series.good.push(good);
      series.shed.push(holds === 1 ? offered - good : 0);
      series.failed.push(holds === 1 ? 0 : offered - good);
      series.p50Ms.push(((isOver ? 31 : 21) / rest) * wobble(at));
      series.p99Ms.push((holds === 1 ? (isOver ? 92 : 56) / rest : isOver ? 990 : 60) * wobble(at + 3));
      series.sampledAtMs.push(at * everyMs + 40);
      series.limit.push(Math.round(limit));
      series.inFlight.push(Math.round(Math.min(limit, load * 11)));
      series.queued.push(isOver ? Math.round(limit / 2) : 0);
    }
    const sum = (values: readonly number[]): number =>
      values.slice(startsAtMs / everyMs).reduce((total, value) => total + value, 0);
    rows.push({
      name,
      seconds,
      startsAtMs,
      ratePerSecond: load * capacity,
      left: 0,
      offered: sum(series.offered),
      good: sum(series.good),
      shed: sum(series.shed),
      failed: sum(series.failed),
      p50Ms: series.p50Ms.at(-1) ?? null,
      p99Ms: series.p99Ms.at(-1) ?? null,
    });
  }
  return { phases: rows, series: { everyMs, ...series } };
}

function met(
  says: string,
  bound: Pick<ThresholdResult, "unit" | "atLeast" | "atMost">,
  median: number,
): ThresholdResult {
  const isMet = median >= (bound.atLeast ?? -Infinity) && median <= (bound.atMost ?? Infinity);
  return { says, ...bound, values: [median * 0.98, median, median * 1.01], median, isMet, isAlways: false };
}

const sweep: Shape = {
  capacity: 500,
  holds: 1,
  phases: [0.5, 0.8, 1, 1.5, 2, 3, 5].map((load) => [`${load} ×`, 4, load] as const),
};

const sweepThresholds = [
  met("goodput at 3 × of the peak", { unit: "ratio", atLeast: 0.95 }, 0.987),
  met("goodput at 5 × of the peak", { unit: "ratio", atLeast: 0.9 }, 0.971),
  met("p99 of good answers at 3 × against 0.5 ×", { unit: "ratio", atMost: 2 }, 1.64),
  met("p99 of immediate sheds", { unit: "ms", atMost: 10 }, 3.4),
  met("p99 of sheds that were queued", { unit: "ms", atMost: 110 }, 104.2),
  met("shed at 0.8 ×", { unit: "ratio", atMost: 0.01 }, 0.0004),
];

const always = [
  { ...met("answers 500", { unit: "count", atMost: 0 }, 0), isAlways: true },
  { ...met("memory at the end, of warmed up", { unit: "ratio", atMost: 1.2 }, 1.04), isAlways: true },
];

const own = { subject: "statuswise", setting: "concurrency.limit: knee", isReference: false, reasons: [], notes: {} };

const sweepResult: ScenarioResult = {
  ...own,
  number: 1,
  name: "sweep",
  question: "Does goodput stay flat when far more is offered than can be served?",
  verdict: "passed",
  capacity: 500,
  thresholds: [...sweepThresholds, ...always],
  ...makeRun(sweep),
};

const brownOut: ScenarioResult = {
  ...own,
  number: 4,
  name: "brown-out",
  question: "What is left when the service gets 4 and then 8 times slower?",
  verdict: "failed",
  capacity: 500,
  thresholds: [
    met("goodput at ×4 of what is left", { unit: "ratio", atLeast: 0.9 }, 1.04),
    met("goodput at ×8 of what is left", { unit: "ratio", atLeast: 0.7 }, 0.66),
    met("recovered after ×4", { unit: "s", atMost: 2 }, 0.25),
    { ...met("recovered after ×8", { unit: "s", atMost: 2 }, 0.5), values: [0.5, null, 0.25] },
    met("slot time spent on clients that were gone", { unit: "ratio", atMost: 0.02 }, 0.004),
    ...always,
  ],
  ...makeRun({
    capacity: 500,
    holds: 1,
    phases: [
      ["baseline", 5, 0.5],
      ["slower ×4", 8, 0.8, 0.25],
      ["repaired after ×4", 4, 0.8],
      ["slower ×8", 8, 0.8, 0.125],
      ["repaired after ×8", 4, 0.8],
    ],
  }),
};

const quotas: ScenarioResult = {
  ...own,
  number: 14,
  name: "quota-store",
  question: "What if Redis is killed, then slow, then back?",
  verdict: "skipped",
  reasons: ["redis-server is not on the PATH"],
  capacity: null,
  thresholds: [],
  phases: [],
  series: null,
};

function reference(subject: string, setting: string, holds: number): ScenarioResult {
  const thresholds = sweepThresholds.map((threshold) => Object.assign({}, threshold, { isMet: holds > 0.5 }));
  return { ...sweepResult, subject, setting, isReference: true, thresholds, ...makeRun({ ...sweep, holds }) };
}

/** Made-up, plausible, and hostile where text comes from outside. */
export const madeUpResults: Results = {
  version: 1,
  verdict: "failed",
  mode: "full",
  command: "npm run load-test -- --full --peers",
  startedAt: "2026-01-02T03:04:05.678Z",
  seconds: 254,
  seed: 7,
  runs: 3,
  scale: 1,
  machine: {
    processor: "Made-up <b>CPU</b> @ 3.00 GHz, 2 cores",
    kernel: "Linux 6.1.0",
    versions: "node 26.10.0, statuswise 0.1.0",
  },
  scenarios: [
    sweepResult,
    brownOut,
    quotas,
    reference("haproxy", "maxconn 12, queue 100 ms", 0.97),
    reference("nginx", "its defaults", 0.12),
  ],
  comparisons: [
    {
      title: "Limits compared",
      columns: ["limit", "3 ×, 10 slots", "+60 ms, 40 slots", "misses"],
      rows: [
        {
          name: "knee",
          setting: "the default",
          cells: [{ text: "99.1 %" }, { text: "98.6 %", isBest: true, isMet: true }, { text: "nothing", isMet: true }],
        },
        {
          name: "fixed 10",
          setting: "no queue",
          cells: [
            { text: "99.4 %", isBest: true },
            { text: "12.1 %", isMet: false },
            { text: "+60 ms", isMet: false },
          ],
        },
      ],
    },
  ],
};
