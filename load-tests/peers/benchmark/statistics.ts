/** A figure over the rounds of one cell. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** The least value that at least `share` of all values do not exceed (nearest rank); sorts in place, NaN of nothing. */
export function percentiles(values: Float64Array, shares: readonly number[]): readonly number[] {
  values.sort();
  return shares.map((share) => values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN);
}

/**
 * How many times as much as the base, as the median of the ratios of each round: a machine that slows down between
 * rounds slows both. Rounds that either lacks are left out. NaN without a common round.
 */
export function ratioOf(values: ReadonlyArray<number | undefined>, base: ReadonlyArray<number | undefined>): number {
  const ratios = values.flatMap((value, round) => {
    const other = base[round];
    return value === undefined || other === undefined || other === 0 ? [] : [value / other];
  });
  return median(ratios);
}
