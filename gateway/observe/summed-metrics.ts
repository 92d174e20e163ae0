import type { MetricObjectWithValues, MetricValue } from "prom-client";

import { AggregatorRegistry } from "prom-client";

/** One metric with its values at a moment, as plain data. */
export type MetricSnapshot = MetricObjectWithValues<MetricValue<string>>;

/**
 * The metrics of several processes as those of one. Counters and histograms of a process that has ended are kept: a sum
 * that fell would look like a restart, and all that was ever counted like new.
 */
export class SummedMetrics {
  #ended: Promise<readonly MetricSnapshot[]> = Promise.resolve([]);

  /** Takes the last known metrics of a process that has ended. */
  retire(last: readonly MetricSnapshot[]): void {
    this.#ended = this.#ended.then((ended) => sum([ended, last.filter(isCumulative)]).getMetricsAsJSON());
  }

  /** Everything in Prometheus text format 0.0.4. */
  async render(present: ReadonlyArray<readonly MetricSnapshot[]>): Promise<string> {
    return sum([...present, await this.#ended]).metrics();
  }
}

/** The kinds as prom-client's JSON tells them. */
const cumulativeKinds: ReadonlySet<string> = new Set(["counter", "histogram"]);

function isCumulative({ type }: MetricSnapshot): boolean {
  return cumulativeKinds.has(String(type));
}

function sum(parts: ReadonlyArray<readonly MetricSnapshot[]>) {
  return AggregatorRegistry.aggregate(parts.map((part) => [...part]));
}
