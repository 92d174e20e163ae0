import type { Cell } from "./request-series.ts";

/** A counter of attempts: upstreams come from the config, and `label` takes the values of a closed set. */
export class AttemptSeries {
  readonly #label: string;
  readonly #byUpstream = new Map<string, Map<string, Cell>>();

  constructor(label: string) {
    this.#label = label;
  }

  get cells(): readonly Cell[] {
    return [...this.#byUpstream.values()].flatMap((byValue) => Array.from(byValue.values()));
  }

  count(upstream: string, value: string): void {
    const byValue = this.#of(upstream);
    const cell = byValue.get(value);
    if (cell === undefined) byValue.set(value, { labels: { upstream, [this.#label]: value }, count: 1 });
    else cell.count += 1;
  }

  #of(upstream: string): Map<string, Cell> {
    const known = this.#byUpstream.get(upstream);
    if (known !== undefined) return known;
    const begun = new Map<string, Cell>();
    this.#byUpstream.set(upstream, begun);
    return begun;
  }

  /** Forgets the upstreams that a reloaded config no longer has. */
  keep(upstreams: ReadonlySet<string>): void {
    for (const upstream of this.#byUpstream.keys()) if (!upstreams.has(upstream)) this.#byUpstream.delete(upstream);
  }
}
