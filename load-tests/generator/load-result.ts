/** What became of a load plan. Latencies in milliseconds, from the intended start of a request: nothing is omitted. */
export interface LoadResult {
  readonly phases: readonly PhaseResult[];
  /** One for each whole quarter of a second of the phases, in order. */
  readonly buckets: readonly Bucket[];
  readonly attackers: readonly AttackersResult[];
  readonly validity: Validity;
}

export interface Validity {
  readonly isValid: boolean;
  /** Why not, in words; empty where valid. */
  readonly reasons: readonly string[];
  /** How late requests were written, against their intended start. */
  readonly lagP99Ms: number;
  /** Requests that were due and never written. */
  readonly dropped: number;
  readonly offered: number;
}

/** Requests count where their intended start lies, whenever they end. */
export interface PhaseResult {
  readonly name: string;
  readonly seconds: number;
  readonly ratePerSecond: number;
  /** Of the phase's start, in milliseconds since the start of the load. */
  readonly startsAtMs: number;
  readonly all: ClassResult;
  readonly byClass: Readonly<Record<string, ClassResult>>;
}

export interface ClassResult {
  /** Requests intended: first attempts, not retries. */
  readonly offered: number;
  /** Answered 2xx, whole and within the deadline; by a retry, too. */
  readonly good: number;
  /** `good` of each of the plan's ports, in their order; absent where there is one. */
  readonly goodByPort?: readonly number[];
  /** Given up at the deadline. */
  readonly late: number;
  /** Left on purpose. */
  readonly left: number;
  /** The connection broke, or what came was no HTTP. */
  readonly broken: number;
  /** Last answers 503 or 429. */
  readonly shed: number;
  /** Other last answers. */
  readonly refused: number;
  /** Every answer, those that were retried included. */
  readonly statuses: Readonly<Record<string, number>>;
  /** `code` of every problem body. */
  readonly codes: Readonly<Record<string, number>>;
  /** Requests sent, retries included. */
  readonly sent: number;
  /** 503s and 429s without a Retry-After of whole seconds ≥ 1. */
  readonly withoutRetryAfter: number;
  readonly goodMs: Latency;
  /** Of 503s and 429s that did not wait in a queue, retried ones included, from when their attempt was due. */
  readonly shedMs: Latency;
  /** Of those that did: code queue_timeout. */
  readonly queuedShedMs: Latency;
}

export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface Bucket {
  /** Of its start, since the start of the load. */
  readonly atMs: number;
  readonly phase: string;
  /** By intended start. */
  readonly offered: number;
  /** By the moment of their end, like all that follows. */
  readonly good: number;
  readonly shed: number;
  /** Late, broken and refused. */
  readonly failed: number;
  readonly goodP50Ms: number;
  readonly goodP99Ms: number;
  readonly goodByClass: Readonly<Record<string, number>>;
}

export interface AttackersResult {
  readonly kind: string;
  readonly connections: number;
  /** Closed by the other side before the load ended. */
  readonly closed: number;
  /** From connecting to being closed. */
  readonly closedAfterMs: Latency;
}
