import assert from "node:assert/strict";

import type { RouteConfig } from "../../gateway/config/schema.ts";
import type { ExchangeHead, Inbound } from "../../gateway/exchange/exchange.ts";

import { Exchange } from "../../gateway/exchange/exchange.ts";
import { Fields, parseFields } from "../../gateway/http1/fields.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeRequest } from "./fake-request.ts";
import { FakeResponse } from "./fake-response.ts";

export type FieldPair = readonly [name: string, value: string];

type Head = Omit<ExchangeHead, "inbound" | "id" | "trace">;

/** What a test says of an exchange; the rest is that of a plain GET. */
export interface ExchangeParts extends Partial<Head> {
  readonly inbound?: Partial<Omit<Inbound, "fields">>;
  /** The request's header fields, as sent. */
  readonly fields?: readonly FieldPair[];
  readonly traceState?: string;
  readonly route?: Partial<RouteConfig>;
}

/** An exchange whose client is a fake: for stages that only look at it. */
export function exchangeUnderTest(parts: ExchangeParts = {}): Exchange {
  const { inbound, fields = [], traceState: state, route, ...head } = parts;
  const exchange = new Exchange({
    clock: new FakeClock(),
    request: new FakeRequest(),
    response: new FakeResponse(),
    ...head,
    id: "request-1",
    trace: { traceId: "ab".repeat(16), spanId: "cd".repeat(8), flags: "01", state },
    inbound: inboundUnderTest(inbound, fields),
  });
  exchange.route = { id: "orders", config: { timeout: 15_000, ...route } as RouteConfig };
  return exchange;
}

/** The inbound request of a plain GET, but for these parts. */
export function inboundUnderTest(parts: Partial<Inbound> = {}, fields: readonly FieldPair[] = []): Inbound {
  return { ...plainGet, fields: receivedFields(...fields), ...parts };
}

/** Header fields as the codec hands them over; their values are latin1. */
export function receivedFields(...pairs: readonly FieldPair[]): Fields {
  const fields = new Fields();
  const lines = pairs.map(([name, value]) => `${name}: ${value}`);
  assert.equal(parseFields(lines.join("\r\n"), 0, fields), undefined, "these are no valid fields");
  return fields;
}

const plainGet: Omit<Inbound, "fields"> = {
  method: "GET",
  minorVersion: 1,
  target: "/orders",
  targetLength: "/orders".length,
  path: "/orders",
  query: "",
  host: "api.test",
  authority: "api.test",
  remoteAddress: "192.0.2.1",
  clientAddress: "192.0.2.1",
  isSecure: false,
  isTrusted: false,
};
