/**
 * What results.json holds: all that the report is drawn from, so that it can be drawn again, or differently, later.
 * The schema is published beside this file; the types come from it.
 */
import type { Static, TSchema } from "typebox";

import { Type } from "typebox";

const closed = { additionalProperties: false } as const;

/** A figure that a run may not have had: of no answers there is no p99. */
const figure = Type.Union([Type.Number(), Type.Null()]);
const count = Type.Integer({ minimum: 0 });

function prose<T extends TSchema>(schema: T, description: string): T {
  return { ...schema, description };
}

const verdict = Type.Union([
  Type.Literal("passed"),
  Type.Literal("failed"),
  Type.Literal("invalid"),
  Type.Literal("skipped"),
]);

/** As in load-tests/scenario.ts. */
const unit = Type.Union([
  Type.Literal("ratio"),
  Type.Literal("ms"),
  Type.Literal("s"),
  Type.Literal("count"),
  Type.Literal("rps"),
  Type.Literal("µs"),
]);

const threshold = Type.Object(
  {
    says: prose(Type.String(), "What is measured, in words."),
    unit,
    atLeast: Type.Optional(Type.Number()),
    atMost: Type.Optional(Type.Number()),
    values: prose(Type.Array(figure), "Of each run."),
    median: prose(figure, "What is judged."),
    isMet: Type.Boolean(),
    isAlways: prose(Type.Boolean(), "Asked of every scenario, whatever else it asks."),
  },
  closed,
);

const phase = Type.Object(
  {
    name: Type.String(),
    seconds: Type.Number(),
    startsAtMs: Type.Number(),
    ratePerSecond: Type.Number(),
    offered: prose(count, "Requests intended, retries not counted. All counts are of these."),
    good: prose(count, "Answered 2xx, whole and in time."),
    shed: prose(count, "Last answered 503 or 429."),
    failed: prose(count, "Late, broken off, or refused otherwise."),
    left: prose(count, "Clients that left on purpose."),
    p50Ms: prose(figure, "Of the good ones, from the intended start."),
    p99Ms: figure,
  },
  closed,
);

const series = Type.Object(
  {
    everyMs: prose(Type.Number(), "Length of each interval of the load's own series, in milliseconds."),
    offered: prose(Type.Array(count), "By intended start; the others by their end."),
    good: Type.Array(count),
    shed: Type.Array(count),
    failed: Type.Array(count),
    p50Ms: prose(Type.Array(figure), "Of the good ones."),
    p99Ms: Type.Array(figure),
    sampledAtMs: prose(Type.Array(Type.Number()), "When the gateway was asked for what follows."),
    limit: prose(Type.Array(figure), "Sum over the gateways, of the first upstream."),
    inFlight: Type.Array(figure),
    queued: Type.Array(figure),
  },
  closed,
);

const scenario = Type.Object(
  {
    number: prose(Type.Integer(), "Of the table in load-tests/README.md."),
    name: Type.String(),
    question: Type.String(),
    subject: prose(Type.String(), "What was tested."),
    setting: prose(Type.String(), "What is special about it."),
    isReference: prose(Type.Boolean(), "For comparison: its thresholds decide nothing."),
    verdict,
    reasons: prose(Type.Array(Type.String()), "Why it was skipped or is invalid."),
    capacity: prose(figure, "Requests per second that a load of 1 meant."),
    thresholds: Type.Array(threshold),
    phases: prose(Type.Array(phase), "Of the run whose goodput is the median; so are series and notes."),
    series: Type.Union([series, Type.Null()]),
    notes: Type.Record(Type.String(), figure),
  },
  closed,
);

const cell = Type.Object(
  { text: Type.String(), isBest: Type.Optional(Type.Boolean()), isMet: Type.Optional(Type.Boolean()) },
  closed,
);

const comparison = Type.Object(
  {
    title: Type.String(),
    columns: prose(Type.Array(Type.String()), "The first is the rows' own."),
    rows: Type.Array(Type.Object({ name: Type.String(), setting: Type.String(), cells: Type.Array(cell) }, closed)),
  },
  closed,
);

export const resultsSchema = Type.Object(
  {
    version: prose(Type.Literal(1), "Of this format."),
    verdict: Type.Union([Type.Literal("passed"), Type.Literal("failed"), Type.Literal("invalid")]),
    mode: prose(Type.String(), "quick, full, scenarios, config, target, peers or limits."),
    command: Type.String(),
    startedAt: prose(Type.String(), "RFC 3339, UTC."),
    seconds: prose(Type.Number(), "How long all of it took."),
    seed: Type.Integer(),
    runs: prose(Type.Integer({ minimum: 1 }), "Of each scenario; thresholds are judged on the median."),
    scale: prose(Type.Number(), "Length of the phases against what the scenarios ask for."),
    machine: prose(Type.Record(Type.String(), Type.String()), "Processor, kernel, versions."),
    scenarios: Type.Array(scenario),
    comparisons: Type.Array(comparison),
  },
  { ...closed, title: "Results of statuswise's load tests" },
);

export type Results = Static<typeof resultsSchema>;
export type ScenarioResult = Results["scenarios"][number];
export type ThresholdResult = ScenarioResult["thresholds"][number];
export type PhaseRow = ScenarioResult["phases"][number];
export type Series = NonNullable<ScenarioResult["series"]>;
export type Comparison = Results["comparisons"][number];
export type Verdict = ScenarioResult["verdict"];

/** The schema as it is published. */
export function publishedSchema(): Readonly<Record<string, unknown>> {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...resultsSchema };
}
