import type { ServerResponse } from "node:http";

import { IncomingMessage } from "node:http";

import type { Clock } from "../../gateway/clock.ts";
import type { RouteConfig } from "../../gateway/config/schema.ts";
import type { Inbound } from "../../gateway/exchange.ts";

import { Exchange } from "../../gateway/exchange.ts";
import { FakeClock } from "./fake-clock.ts";

/** What a test says of an exchange; the rest is that of a plain GET. */
export interface ExchangeParts {
  readonly clock?: Clock;
  readonly req?: Partial<IncomingMessage>;
  readonly res?: Partial<ServerResponse>;
  readonly inbound?: Partial<Inbound>;
  readonly traceState?: string;
  readonly route?: Partial<RouteConfig>;
}

/** An exchange whose messages are plain objects: for rooms that only look at them. */
export function exchangeUnderTest(parts: ExchangeParts = {}): Exchange {
  const req = parts.req instanceof IncomingMessage ? parts.req : { ...plainMessage, ...parts.req };
  const exchange = new Exchange({
    clock: parts.clock ?? new FakeClock(),
    req: req as IncomingMessage,
    res: (parts.res ?? {}) as ServerResponse,
    id: "request-1",
    trace: { traceId: "ab".repeat(16), spanId: "cd".repeat(8), flags: "01", state: parts.traceState },
    inbound: { ...plainGet, ...parts.inbound },
  });
  exchange.route = { id: "orders", config: { timeout: 15_000, ...parts.route } as RouteConfig };
  return exchange;
}

/** Header fields as node hands them over: as received, and by name where it came once. */
export function receivedFields(
  ...fields: ReadonlyArray<readonly [string, string]>
): Pick<IncomingMessage, "headers" | "rawHeaders"> {
  const headers: Record<string, string> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return { headers, rawHeaders: fields.flat() };
}

const plainMessage: Partial<IncomingMessage> = {
  headers: {},
  rawHeaders: [],
  httpVersion: "1.1",
  httpVersionMajor: 1,
  httpVersionMinor: 1,
};

const plainGet: Inbound = {
  method: "GET",
  target: "/orders",
  path: "/orders",
  query: "",
  host: "api.test",
  authority: "api.test",
  remoteAddress: "192.0.2.1",
  clientAddress: "192.0.2.1",
  isSecure: false,
  isTrusted: false,
};
