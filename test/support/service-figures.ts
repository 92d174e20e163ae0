import type { Probe } from "./probes.ts";

/** A second in which nobody is refused ends an outage. */
const endOfOutageMs = 1000;

/** A span in which good requests were not served, from the first that was told so to the last. */
export interface Outage {
  readonly requests: number;
  readonly ms: number;
}

/** What became of the good requests of one kind. */
export interface ServiceFigures {
  readonly kind: string;
  readonly asked: number;
  /** Without the time in which the gateway had no processor. */
  readonly slowestMs: number;
  readonly notServed: number;
  /** Of those not served: 0 where no whole response came, 200 where it came too late. */
  readonly statuses: readonly number[];
  readonly outages: readonly Outage[];
}

/** The figures of each kind. Served is what was answered with 200 within `limitMs`. */
export function serviceFiguresOf(probes: readonly Probe[], limitMs: number): readonly ServiceFigures[] {
  const kinds = Map.groupBy(probes, ({ kind }) => kind);
  return [...kinds].map(([kind, own]) => {
    const notServed = own.filter((probe) => probe.status !== 200 || lasted(probe) > limitMs);
    return {
      kind,
      asked: own.length,
      slowestMs: Math.max(...own.map(lasted)),
      notServed: notServed.length,
      statuses: [...new Set(notServed.map(({ status }) => status))],
      outages: outagesOf(notServed),
    };
  });
}

function lasted({ ms, starvedMs }: Probe): number {
  return ms - starvedMs;
}

function outagesOf(notServed: readonly Probe[]): readonly Outage[] {
  const groups: number[][] = [];
  for (const toldAt of notServed.map(({ at, ms }) => at + ms).toSorted((one, other) => one - other)) {
    const group = groups.at(-1);
    if (group === undefined || toldAt - (group.at(-1) ?? 0) > endOfOutageMs) groups.push([toldAt]);
    else group.push(toldAt);
  }
  return groups.map((group) => ({ requests: group.length, ms: (group.at(-1) ?? 0) - (group[0] ?? 0) }));
}
