import type { Attempt, Exchange, Outcome } from "../exchange/exchange.ts";

import { failureTable } from "../failures/table.ts";

/**
 * What logs and metrics say of a client that left before its answer was whole. Never sent: no response can reach it.
 * The number is NGINX's, and in wide use for this.
 */
const clientClosedStatus = 499;

/** How the exchange ended. One that says neither outcome nor failure is a bug, and is reported as one. */
export function outcomeOf(exchange: Exchange): Outcome {
  const { failure, outcome } = exchange;
  if (failure?.code === "client_closed") return clientClosed;
  if (outcome !== undefined) return outcome;
  if (failure === undefined) return internal;
  return { status: failure.status ?? 0, code: failure.code, source: failure.row.source };
}

/** The attempt that decided: its target is the one the log names. */
export function lastAttempt(exchange: Exchange): Attempt | undefined {
  return exchange.attempts.at(-1);
}

const clientClosed: Outcome = { status: clientClosedStatus, code: "client_closed", source: "client" };
const internal: Outcome = { status: failureTable.internal.status ?? 0, code: "internal", source: "gateway" };
