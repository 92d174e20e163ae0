import type { Bucket } from "../generator/load-result.ts";
import type { GatewaySample } from "../scenario.ts";

/** The latest second of a run, for whoever watches. Rates in requests per second. */
export interface Tick {
  /** Of its end, since the start of the load. */
  readonly atMs: number;
  readonly phase: string;
  readonly offered: number;
  readonly goodput: number;
  readonly shed: number;
  /** The worst quarter of a second's, of good answers. */
  readonly p99Ms: number;
  /** By gateway. */
  readonly limit: readonly number[];
}

const bucketsPerSecond = 4;

/** Gathers a second's buckets; answers the tick that they make once there are four. */
export class Ticker {
  #buckets: Bucket[] = [];

  take(bucket: Bucket, latest: GatewaySample | undefined): Tick | undefined {
    this.#buckets.push(bucket);
    if (this.#buckets.length < bucketsPerSecond) return undefined;
    const second = this.#buckets;
    this.#buckets = [];
    return {
      atMs: bucket.atMs + 1000 / bucketsPerSecond,
      phase: bucket.phase,
      offered: sum(second.map(({ offered }) => offered)),
      goodput: sum(second.map(({ good }) => good)),
      shed: sum(second.map(({ shed }) => shed)),
      p99Ms: Math.max(...second.map(({ goodP99Ms }) => goodP99Ms)),
      limit: latest?.limit ?? [],
    };
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
