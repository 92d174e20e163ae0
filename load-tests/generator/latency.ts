import type { Histogram } from "hdr-histogram-js";

import { build } from "hdr-histogram-js";

import type { Latency } from "./load-result.ts";

/** Ten minutes, in microseconds: no patience and no attacker's stay is longer. */
const highestMicroseconds = 600_000_000;

/** Of microseconds, to three digits. In JavaScript, because the library's WebAssembly saves 0.05 µs a value, no more. */
export function latencyHistogram(): Histogram {
  return build({ highestTrackableValue: highestMicroseconds, numberOfSignificantValueDigits: 3, autoResize: false });
}

export function record(histogram: Histogram, milliseconds: number): void {
  histogram.recordValue(Math.min(Math.max(0, Math.round(milliseconds * 1000)), highestMicroseconds));
}

export function percentileMs(histogram: Histogram, percentile: number): number {
  return histogram.getValueAtPercentile(percentile) / 1000;
}

export function latencyOf(histogram: Histogram): Latency {
  return {
    count: histogram.totalCount,
    p50: percentileMs(histogram, 50),
    p90: percentileMs(histogram, 90),
    p99: percentileMs(histogram, 99),
    max: histogram.maxValue / 1000,
  };
}
