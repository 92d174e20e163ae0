import type { IncomingMessage, ServerResponse } from "node:http";

import type { Permit } from "./acquire/permit.ts";
import type { RateLimits } from "./admit/rate-limits.ts";
import type { RetryRule } from "./attempt/retry.ts";
import type { Destinations } from "./destinations.ts";
import type { Exchange, ExchangeHead, Route, UpstreamAnswer } from "./exchange.ts";
import type { Failure } from "./failures/failure.ts";
import type { HeaderRules } from "./upstream/headers.ts";
import type { Rewrite } from "./route/rewrite.ts";
import type { Upstream } from "./upstream.ts";
import type { ByteBudget } from "./validate/byte-budget.ts";
import type { RouteValidator } from "./validate/validate.ts";

/** A route with what each room compiled of it. */
export interface GatewayRoute extends Route {
  readonly destinations: Destinations;
  readonly validator: RouteValidator;
  readonly rewrite: Rewrite | undefined;
  readonly requestRules: HeaderRules | undefined;
  readonly responseRules: HeaderRules | undefined;
  readonly retry: RetryRule | undefined;
}

type GatewayExchange = Exchange<GatewayRoute>;

/** The rooms of one configuration, as the page calls them. */
export interface Rooms {
  /** Whether this is a WebSocket handshake on a route that allows it. Never throws. */
  mayUpgrade(req: IncomingMessage): boolean;
  open(req: IncomingMessage, res: ServerResponse): ExchangeHead;
  conduct(exchange: GatewayExchange): void;
  /** Whether the gateway itself is asked what it can do, and not what is behind it. */
  isAsked(exchange: GatewayExchange): boolean;
  answer(exchange: GatewayExchange): Promise<void>;
  route(exchange: GatewayExchange): GatewayRoute;
  admit(route: GatewayRoute, exchange: GatewayExchange): void | Promise<void>;
  validate(route: GatewayRoute, exchange: GatewayExchange): void | Promise<void>;
  acquire(route: GatewayRoute, exchange: GatewayExchange): Permit | Promise<Permit>;
  attempt(route: GatewayRoute, exchange: GatewayExchange): Promise<UpstreamAnswer>;
  screen(
    answer: UpstreamAnswer,
    route: GatewayRoute,
    exchange: GatewayExchange,
  ): UpstreamAnswer | Promise<UpstreamAnswer>;
  relay(answer: UpstreamAnswer, route: GatewayRoute, exchange: GatewayExchange): Promise<void>;
  respond(failure: Failure, exchange: GatewayExchange): Promise<void>;
  finish(exchange: GatewayExchange): void;
  readonly holdings: Holdings;
  readonly maxRequestsPerSocket: number;
  /** Ends what the next rooms have not taken over, without one all. Exchanges under way in these rooms go on. */
  close(next?: Rooms): void;
}

/** What may outlive a configuration: whatever the next one has the same goes over to it as it is. */
export interface Holdings {
  readonly upstreams: Upstreams;
  readonly limits: RateLimits;
  readonly budget: ByteBudget;
}

/** By name. */
export type Upstreams = ReadonlyMap<string, HeldUpstream>;

export interface HeldUpstream {
  readonly upstream: Upstream;
  /** All that it was made from, as plain data: an equal one would be the same upstream without its experience. */
  readonly origin: unknown;
}
