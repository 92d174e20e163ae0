import type { Bucket, ClassResult, Latency, PhaseResult } from "../../load-tests/generator/load-result.ts";
import type { GatewaySample, ScenarioRun } from "../../load-tests/scenario.ts";
import type { Counters } from "../../load-tests/upstream/service.ts";

/** A phase as a test thinks of it: what is not said is that all went well. */
export interface MadeUpPhase {
  readonly name: string;
  readonly seconds: number;
  readonly perSecond?: number;
  /** Good answers per second in each quarter of a second, in turn; the last goes on. Default: all of the requests. */
  readonly good?: readonly number[];
  readonly all?: Partial<ClassResult>;
  readonly byClass?: Readonly<Record<string, Partial<ClassResult>>>;
  /** What the services have counted as the phase ends. */
  readonly counters?: ReadonlyArray<Partial<Counters>>;
  /** Of the only gateway, in each quarter of a second; the last goes on. */
  readonly breaker?: readonly string[];
  /** Of a CPU, what the only gateway uses. */
  readonly cpuShare?: number;
}

export interface MadeUpRest {
  readonly capacity?: number;
  readonly notes?: Readonly<Record<string, number>>;
  readonly attackers?: ScenarioRun["load"]["attackers"];
}

const bucketMs = 250;

export function madeUpRun(phases: readonly MadeUpPhase[], rest: MadeUpRest = {}): ScenarioRun {
  const begun = phases.map((phase, place) => ({ ...phase, startsAtMs: startOf(phases, place) }));
  return {
    load: {
      phases: begun.map(phaseResult),
      buckets: begun.flatMap(bucketsOf),
      attackers: rest.attackers ?? [],
      validity: { isValid: true, reasons: [], lagP99Ms: 0, dropped: 0, offered: 0 },
    },
    capacity: rest.capacity ?? 500,
    samples: begun.flatMap(samplesOf),
    counters: Object.fromEntries([
      ["start", [madeUpCounters(), madeUpCounters()]],
      ...phases.map(
        ({ name, counters = [] }) => [name, [0, 1].map((place) => madeUpCounters(counters[place]))] as const,
      ),
    ]),
    end: [{ inFlight: 0, rssBytes: 1, internal: 0, breakerOpens: 0 }],
    notes: rest.notes ?? {},
  };
}

export function latency(p99: number): Latency {
  return { count: 100, p50: p99 / 2, p90: p99, p99, max: p99 };
}

export function classResult(result: Partial<ClassResult> = {}): ClassResult {
  const { offered = 100, good = offered } = result;
  const none = { late: 0, left: 0, broken: 0, shed: 0, refused: 0, withoutRetryAfter: 0 };
  const latencies = { goodMs: latency(50), shedMs: latency(1), queuedShedMs: latency(100) };
  return { ...none, ...latencies, statuses: {}, codes: {}, sent: offered, ...result, offered, good };
}

type Begun = MadeUpPhase & { readonly startsAtMs: number };

function startOf(phases: readonly MadeUpPhase[], place: number): number {
  return phases.slice(0, place).reduce((sum, { seconds }) => sum + seconds * 1000, 0);
}

function phaseResult({ name, seconds, perSecond = 100, startsAtMs, all, byClass = {} }: Begun): PhaseResult {
  return {
    name,
    seconds,
    ratePerSecond: perSecond,
    startsAtMs,
    all: classResult({ offered: perSecond * seconds, ...all }),
    byClass: Object.fromEntries(Object.entries(byClass).map(([of, result]) => [of, classResult(result)])),
  };
}

function bucketsOf({ name, seconds, perSecond = 100, startsAtMs, good = [perSecond] }: Begun): Bucket[] {
  return eachQuarter(seconds).map((place) => ({
    atMs: startsAtMs + place * bucketMs,
    phase: name,
    offered: (perSecond * bucketMs) / 1000,
    good: ((good[Math.min(place, good.length - 1)] ?? 0) * bucketMs) / 1000,
    shed: 0,
    failed: 0,
    goodP50Ms: 0,
    goodP99Ms: 0,
    goodByClass: {},
  }));
}

function samplesOf({ seconds, startsAtMs, breaker = ["closed"], cpuShare = 0 }: Begun): GatewaySample[] {
  return eachQuarter(seconds).map((place) => ({
    atMs: startsAtMs + place * bucketMs,
    limit: [20],
    inFlight: [0],
    queued: [0],
    breaker: [breaker[Math.min(place, breaker.length - 1)] ?? "closed"],
    rssBytes: [1],
    cpuMicroseconds: [1000 * cpuShare * place * bucketMs],
    received: [0],
  }));
}

function eachQuarter(seconds: number): number[] {
  return Array.from({ length: (seconds * 1000) / bucketMs }, (_, place) => place);
}

function madeUpCounters(counters: Partial<Counters> = {}): Counters {
  return {
    received: 0,
    receivedByMethod: {},
    served: 0,
    faulted: 0,
    wastedMs: 0,
    workedMs: 0,
    leftInLine: 0,
    leftInService: 0,
    leftAfterMs: [],
    concurrency: 0,
    peakConcurrency: 0,
    openConnections: 0,
    ...counters,
  };
}
