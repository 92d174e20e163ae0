import type { Bucket } from "./load-result.ts";
import type { Failing } from "./tally.ts";

import { latencyHistogram, percentileMs, record } from "./latency.ts";

export interface SeriesOptions {
  readonly classes: readonly string[];
  readonly endsAtMs: number;
  /** The name of the phase that holds this moment. */
  readonly phaseAt: (atMs: number) => string;
  readonly onBucket: (bucket: Bucket) => void;
}

const bucketMs = 250;

/** The run over time, in quarters of a second. A rest shorter than that is left out: its counts could not be compared. */
export class Series {
  readonly buckets: Bucket[] = [];
  readonly #options: SeriesOptions;
  readonly #goodMs = latencyHistogram();
  readonly #goodByClass: number[];
  #offered = 0;
  #good = 0;
  #shed = 0;
  #failed = 0;

  constructor(options: SeriesOptions) {
    this.#options = options;
    this.#goodByClass = options.classes.map(() => 0);
  }

  offer(intendedAtMs: number): void {
    this.advance(intendedAtMs);
    this.#offered += 1;
  }

  /** The class is told by its place in the plan. */
  succeed(place: number, sinceIntendedMs: number): void {
    this.#good += 1;
    this.#goodByClass[place] = (this.#goodByClass[place] ?? 0) + 1;
    record(this.#goodMs, sinceIntendedMs);
  }

  fail(failing: Failing): void {
    if (failing === "shed") this.#shed += 1;
    else if (failing !== "left" && failing !== "dropped") this.#failed += 1;
  }

  /** Closes the buckets that are over by then. */
  advance(nowMs: number): void {
    for (;;) {
      const atMs = this.buckets.length * bucketMs;
      if (nowMs < atMs + bucketMs || atMs + bucketMs > this.#options.endsAtMs) return;
      this.#close(atMs);
    }
  }

  #close(atMs: number): void {
    const { classes, phaseAt, onBucket } = this.#options;
    const bucket: Bucket = {
      atMs,
      phase: phaseAt(atMs),
      offered: this.#offered,
      good: this.#good,
      shed: this.#shed,
      failed: this.#failed,
      goodP50Ms: percentileMs(this.#goodMs, 50),
      goodP99Ms: percentileMs(this.#goodMs, 99),
      goodByClass: Object.fromEntries(classes.map((name, place) => [name, this.#goodByClass[place] ?? 0])),
    };
    this.buckets.push(bucket);
    onBucket(bucket);
    this.#offered = this.#good = this.#shed = this.#failed = 0;
    this.#goodByClass.fill(0);
    this.#goodMs.reset();
  }
}
