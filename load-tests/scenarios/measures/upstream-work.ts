import type { ClassResult } from "../../generator/load-result.ts";
import type { ScenarioRun } from "../../scenario.ts";

import { countersAround, phaseOf } from "./phase.ts";

/** Share of the service's time in a phase that went into requests nobody waited for any more. */
export function wastedShare(run: ScenarioRun, phase: string): number {
  const { before, after } = countersAround(run, phase);
  const worked = after.workedMs - before.workedMs;
  return worked === 0 ? 0 : (after.wastedMs - before.wastedMs) / worked;
}

export interface ReceivedOptions {
  /** Default: the first. */
  readonly service?: number;
  /** Default: all. */
  readonly method?: string;
}

/** Requests that came to a service in a phase. */
export function receivedIn(run: ScenarioRun, phase: string, { service = 0, method }: ReceivedOptions = {}): number {
  const { before, after } = countersAround(run, phase, service);
  if (method === undefined) return after.received - before.received;
  return (after.receivedByMethod[method] ?? 0) - (before.receivedByMethod[method] ?? 0);
}

export function receivedPerSecond(run: ScenarioRun, phase: string): number {
  return receivedIn(run, phase) / phaseOf(run, phase).seconds;
}

/** Refusals of the gateway before it makes an attempt: what the breaker refuses has passed admission. */
const refusedAtAdmission = ["concurrency_limited", "queue_timeout", "overloaded", "rate_limited", "maintenance"];

/** Requests that passed the gateway's admission. */
export function admittedOf({ offered, codes }: Pick<ClassResult, "offered" | "codes">): number {
  return offered - refusedAtAdmission.reduce((sum, code) => sum + (codes[code] ?? 0), 0);
}
