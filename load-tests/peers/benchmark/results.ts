import type { Spread } from "./statistics.ts";

/** What results.json holds. */
export interface BenchmarkResults {
  readonly version: 1;
  readonly command: string;
  readonly mode: "quick" | "full";
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seconds: number;
  /** In words; `load` is the load average over the minute before the run: other work on the machine. */
  readonly machine: Readonly<Record<string, string>>;
  readonly method: Method;
  readonly subjects: readonly SubjectRecord[];
  readonly cells: readonly Cell[];
}

export interface Method {
  readonly rounds: number;
  readonly sliceMs: number;
  readonly warmUpMs: number;
  /** Whether each round had processes of its own. */
  readonly isFresh: boolean;
}

export interface SubjectRecord {
  readonly name: string;
  readonly setting: string;
  readonly version: string;
  /** Why it was not measured, and how to mend that. */
  readonly skipped?: string;
}

/** One workload over so many connections. */
export interface Cell {
  readonly workload: string;
  /** The workload in words. */
  readonly title: string;
  readonly unit: "request" | "event";
  readonly connections: number;
  /** A subject that cannot do the workload has no figures. */
  readonly figures: readonly Figures[];
}

/** What one subject showed in one cell, over all rounds. */
export interface Figures {
  readonly subject: string;
  /** CPU time of the proxy's process tree for each unit, in microseconds; absent if nothing was answered. */
  readonly cpuMicroseconds?: Spread;
  /** Units answered each second. */
  readonly perSecond?: Spread;
  readonly p50Ms?: Spread;
  readonly p99Ms?: Spread;
  /** CPU time of the proxy as a share of the time; 1 is one core. Median. */
  readonly busy?: number;
  /** How many times as much CPU time as the named subject in the same rounds. */
  readonly ratios: Readonly<Record<string, number>>;
  /** Wrong or failed requests, over all rounds and the warm-up. Anything but 0 makes the run fail. */
  readonly errors: number;
  readonly messages: readonly string[];
  readonly rounds: readonly Round[];
}

export interface Round {
  readonly cpuMicroseconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly busy: number;
}

/** What ratios are told against: the gateway of another checkout, @fastify/http-proxy and NGINX, if they were measured. */
export function basesOf(names: readonly string[]): readonly string[] {
  return names.filter((name) => /^(?:gateway@.*|@fastify\/http-proxy|nginx)$/.test(name));
}
