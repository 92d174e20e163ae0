import type { BreakerOptions } from "../../gateway/breaker/breaker.ts";

/** A breaker without ramp, slow calls or chance; a test says what it is about. */
export const plainBreaker = {
  errorRate: 0.5,
  windowMs: 10_000,
  minimumRequests: 10,
  openMs: 5000,
  maxOpenMs: 60_000,
  trials: 1,
  rampMs: 0,
  slowCallMs: undefined,
  slowCallRate: 0.5,
  random: () => 0,
  changed() {},
} as const satisfies Omit<BreakerOptions, "clock">;
