import type { Registry } from "prom-client";

import { Counter } from "prom-client";

import type { Cell } from "./request-series.ts";

export interface CellCounter {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly cells: () => Iterable<Cell>;
}

/** A prom-client counter that is filled from its cells at each scrape. */
export function register({ name, help, labelNames, cells }: CellCounter, registry: Registry): void {
  const counter = new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      counter.reset();
      for (const { labels, count } of cells()) counter.inc(labels, count);
    },
  });
}

/** A cell for each value that the one label can have. */
export function cellsOf(label: string, values: readonly string[]): ReadonlyMap<string, Cell> {
  return new Map(values.map((value) => [value, { labels: { [label]: value }, count: 0 }]));
}
