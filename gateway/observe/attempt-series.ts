import type { Cell } from "./request-series.ts";

import { failureCodes } from "../failures/codes.ts";

const outcomes: ReadonlySet<string> = new Set(["success", ...failureCodes]);

/** The attempt counters: upstreams come from the config, outcomes from the failure map. */
export class AttemptSeries {
  readonly #byUpstream = new Map<string, Map<string, Cell>>();

  get cells(): readonly Cell[] {
    return [...this.#byUpstream.values()].flatMap((byOutcome) => Array.from(byOutcome.values()));
  }

  /** `outcome` undefined is an attempt given up before it had one. */
  count(upstream: string, outcome: string | undefined): void {
    const known = outcome !== undefined && outcomes.has(outcome) ? outcome : "other";
    const byOutcome = this.#of(upstream);
    const cell = byOutcome.get(known);
    if (cell === undefined) byOutcome.set(known, { labels: { upstream, outcome: known }, count: 1 });
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
