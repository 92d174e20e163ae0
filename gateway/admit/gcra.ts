/**
 * The generic cell rate algorithm as a leaky bucket: all that is remembered of a client is its theoretical arrival
 * time (TAT), the moment at which its past requests are paid off. A request conforms if that moment is no further
 * ahead than the burst allows, and moves it on by one interval. So over any span of time a client gets at most
 * burst + rate × span requests: a fixed window would give twice its quota around each turn of the window.
 */
export interface Gcra {
  /** Milliseconds that one request costs. */
  readonly intervalMs: number;
  /** How far ahead of now the TAT may be for a further request to conform. */
  readonly toleranceMs: number;
}

// A thousandth of a request more than the burst, but no more than this: sums of intervals round, and must not cost a
// client its last one.
const mostSlackMs = 0.01;

export function gcra(quota: { readonly requests: number; readonly per: number; readonly burst: number }): Gcra {
  const intervalMs = quota.per / quota.requests;
  return { intervalMs, toleranceMs: (quota.burst - 1) * intervalMs + Math.min(intervalMs / 1000, mostSlackMs) };
}

/** Milliseconds until a request conforms; 0 where it does. */
export function waitMs({ toleranceMs }: Gcra, tat: number, now: number): number {
  return Math.max(0, tat - toleranceMs - now);
}

/** The TAT after a request that conformed. */
export function nextTat({ intervalMs }: Gcra, tat: number, now: number): number {
  return Math.max(tat, now) + intervalMs;
}
