import type { Sample } from "./limit.ts";

/** Latencies since the last decision: a median needs no more than the latest of these. */
const capacity = 1000;

/** What was seen since the last decision, in bounded memory. */
export class LatencyWindow {
  readonly #latest = new Float64Array(capacity);
  /** Samples, also those whose latencies have been overwritten. */
  count = 0;
  #failures = 0;
  #unanswered = 0;
  #inFlight = 0;

  /** `inFlight`: requests at the upstream as it ended. */
  add(latencyMs: number, outcome: Sample["outcome"], inFlight: number): void {
    this.#inFlight += inFlight;
    this.#latest[this.count % capacity] = latencyMs;
    this.count++;
    if (outcome === "failed") this.#failures++;
    else if (outcome === "unanswered") this.#unanswered++;
  }

  /** Of the latest, in milliseconds; NaN of none. */
  get medianMs(): number {
    const kept = Math.min(this.count, capacity);
    return this.#latest.subarray(0, kept).toSorted()[kept >> 1] ?? NaN;
  }

  /** Mean of the requests at the upstream, over all samples; NaN of none. */
  get inFlight(): number {
    return this.#inFlight / this.count;
  }

  /** More than a tenth failed. */
  get isFailing(): boolean {
    return this.#failures > this.count / 10;
  }

  /** More than a tenth failed, or were given up. */
  get isUnanswered(): boolean {
    return this.#failures + this.#unanswered > this.count / 10;
  }

  clear(): void {
    this.count = 0;
    this.#failures = this.#unanswered = this.#inFlight = 0;
  }
}
