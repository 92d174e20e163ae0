import type { ListenConfig, RouteConfig } from "../config/schema.ts";
import type { Exchange, Inbound } from "../exchange/exchange.ts";

/** A request field that says how long the sender will wait. */
export type DeadlineField = ListenConfig["deadlineHeaders"][number];

interface Notation {
  /** Milliseconds; undefined for what is no positive span of time. */
  read(text: string): number | undefined;
  write(ms: number): string;
}

const grpcUnits: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

const notations: Readonly<Record<DeadlineField, Notation>> = {
  // At most eight digits and a unit: gRPC over HTTP/2, Requests.
  "grpc-timeout": {
    read: (text) => (/^\d{1,8}[HMSmun]$/.test(text) ? positive(text, grpcUnits[text.slice(-1)]) : undefined),
    write: (ms) => `${ms}m`,
  },
  "x-envoy-expected-rq-timeout-ms": {
    read: (text) => (/^\d{1,9}$/.test(text) ? positive(text, 1) : undefined),
    write: String,
  },
  // Seconds, which may have decimals: no standard, and whole ones could not say 300 ms.
  "request-timeout": {
    read: (text) => (/^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? positive(text, 1000) : undefined),
    write: (ms) => String(ms / 1000),
  },
};

function positive(text: string, unitMs = 0): number | undefined {
  // To the nanosecond: 66168.698 s times 1000 is not quite 66168698.
  const ms = Number((Number.parseFloat(text) * unitMs).toFixed(6));
  return ms > 0 ? ms : undefined;
}

/**
 * Begins the route's budget, counted from the request's head. A trusted client that will wait less has its own way:
 * what comes too late for it is work for nobody.
 */
export function beginBudget(
  exchange: Exchange,
  { timeout, maxDuration }: Pick<RouteConfig, "timeout" | "maxDuration">,
  believed: readonly DeadlineField[],
): void {
  const { inbound, startedAt } = exchange;
  const patience = inbound.isTrusted ? patienceMs(inbound.fields, believed) : Infinity;
  if (maxDuration !== undefined) exchange.endsAt = startedAt + maxDuration;
  exchange.isHurried = patience < timeout;
  exchange.timer.setDeadline(Math.min(startedAt + Math.min(timeout, patience), exchange.endsAt));
}

/** How long the sender of these headers will wait by the believed fields: the least they say, in milliseconds. */
export function patienceMs(fields: Inbound["fields"], believed: readonly DeadlineField[]): number {
  let least = Infinity;
  for (const field of believed) {
    const text = fields.get(field);
    // Several of one name are joined; what nobody can read bounds nothing.
    if (text !== undefined) least = Math.min(least, notations[field].read(text) ?? Infinity);
  }
  return least;
}

/** What tells the upstream how much of the budget is left now: the field's name and value. */
export function deadlineField(
  { timer, clock }: Exchange,
  field: DeadlineField | undefined,
): readonly [DeadlineField, string] | undefined {
  if (field === undefined) return undefined;
  return [field, notations[field].write(Math.max(1, Math.floor(timer.deadlineAt - clock.now())))];
}
