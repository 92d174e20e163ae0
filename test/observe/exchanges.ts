import type { Clock } from "../../gateway/exchange/clock.ts";
import type { RouteConfig } from "../../gateway/config/schema.ts";
import type { Attempt, Inbound, Outcome } from "../../gateway/exchange/exchange.ts";
import type { Failure } from "../../gateway/failures/failure.ts";
import type { LogDestination } from "../../gateway/observe/destination.ts";

import { systemClock } from "../../gateway/exchange/clock.ts";
import { Exchange } from "../../gateway/exchange/exchange.ts";
import { inboundUnderTest } from "../support/exchange-under-test.ts";
import { FakeRequest } from "../support/fake-request.ts";
import { FakeResponse } from "../support/fake-response.ts";
import { newAttempt } from "../support/new-attempt.ts";

/** What a test says of an exchange; the rest is that of a request served at once. */
export interface ExchangeFacts {
  readonly id?: string;
  readonly traceId?: string;
  readonly route?: string | undefined;
  readonly upstream?: string;
  readonly inbound?: Partial<Inbound>;
  readonly attempts?: readonly Partial<Attempt>[];
  readonly failure?: Failure;
  readonly outcome?: Outcome | undefined;
  /** How long it took, on the clock of the exchange. */
  readonly durationMs?: number;
}

const served: Outcome = { status: 200, code: "", source: "upstream" };

/** An exchange as it is when the observer gets it. */
export function endedExchange(facts: ExchangeFacts = {}): Exchange {
  const { durationMs = 12.5, outcome = facts.failure === undefined ? served : undefined } = facts;
  const exchange = new Exchange({
    clock: clockThatAdvances(durationMs),
    request: new FakeRequest(),
    response: new FakeResponse(),
    id: facts.id ?? "request-1",
    trace: { traceId: facts.traceId ?? "ab".repeat(16), spanId: "cd".repeat(8), flags: "01", state: undefined },
    inbound: inboundUnderTest({ ...plainInbound, ...facts.inbound }),
  });
  const route = "route" in facts ? facts.route : "create-order";
  if (route !== undefined) {
    exchange.route = { id: route, config: {} as RouteConfig };
    exchange.upstream = facts.upstream ?? "orders";
  }
  for (const attempt of facts.attempts ?? [{}]) exchange.attempts.push({ ...plainAttempt, ...attempt });
  exchange.failure = facts.failure;
  exchange.outcome = outcome;
  return exchange;
}

/** A destination that keeps its lines, for tests to parse. */
export function memoryDestination(): LogDestination & {
  readonly text: string[];
  records(): Record<string, unknown>[];
} {
  const text: string[] = [];
  return {
    text,
    dropped: 0,
    write: (line) => void text.push(line),
    close: () => Promise.resolve(),
    records: () => text.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const plainInbound: Partial<Inbound> = {
  method: "POST",
  target: "/orders?token=secret",
  path: "/orders",
  query: "token=secret",
  host: "api.example.com",
  authority: "api.example.com",
};

const plainAttempt = newAttempt({
  phase: "relay",
  sent: true,
  reused: true,
  complete: true,
  responseBytes: 100,
  timerMs: 5000,
  status: 200,
  connectMs: 0.25,
  firstByteMs: 8,
  outcome: "success",
});

function clockThatAdvances(byMs: number): Clock {
  let now = 1000;
  return {
    ...systemClock,
    now() {
      const before = now;
      now += byMs;
      return before;
    },
  };
}
