import type { RateLimits } from "../admit/rate-limits.ts";
import type { RetryRule } from "../attempt/retry.ts";
import type { Destinations } from "./destinations.ts";
import type { Exchange, ExchangeHead, Route, UpstreamAnswer, UpstreamPermit } from "../exchange/exchange.ts";
import type { RequestStream, ResponseWriter, Takeover } from "../exchange/downstream.ts";
import type { Failure } from "../failures/failure.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { ResponsePolicy } from "../respond/response-policy.ts";
import type { HeaderRules } from "../upstream/headers.ts";
import type { Rewrite } from "../route/rewrite.ts";
import type { Upstream } from "./upstream.ts";
import type { ByteBudget } from "../validate/byte-budget.ts";
import type { RouteValidator } from "../validate/validate.ts";

/** A route with what each stage compiled of it. */
export interface GatewayRoute extends Route {
  readonly destinations: Destinations;
  readonly validator: RouteValidator;
  readonly rewrite: Rewrite | undefined;
  readonly requestRules: HeaderRules | undefined;
  readonly responseRules: HeaderRules | undefined;
  readonly retry: RetryRule | undefined;
  readonly responsePolicy: ResponsePolicy | undefined;
}

type GatewayExchange = Exchange<GatewayRoute>;

/** A request as its connection hands it over; HTTP/1.1 is one kind (client/request.ts). */
export interface ClientRequest extends RequestStream {
  readonly head: RequestHead;
  readonly peer: { readonly remoteAddress: string; readonly isSecure: boolean };
  readonly response: ResponseWriter;
  /** What is wrong with it: it is refused unserved. */
  readonly failure: Failure | undefined;
  /** The connection ends after its response. */
  readonly isLast: boolean;
  /** Names who hears that the client has left, or that the request turned out to be malformed. */
  carry(owner: { cancel(reason: Error): void }): void;
  /** The exchange is over. */
  exchangeEnded(isLast: boolean): void;
  /** See Exchange.takeOver. */
  takeOver(): Takeover;
}

/** The stages of one configuration, as gateway.ts calls them. */
export interface Pipeline {
  open(request: ClientRequest): ExchangeHead;
  /** @throws Failure for what parsers may read in two ways, and for what the gateway does not forward */
  check(exchange: GatewayExchange): void;
  /** An OPTIONS request for the gateway itself (RFC 9110 §9.3.7, §7.6.2). */
  isForGateway(exchange: GatewayExchange): boolean;
  respondToOptions(exchange: GatewayExchange): Promise<void> | undefined;
  route(exchange: GatewayExchange): GatewayRoute;
  /** Returns refusals that may come in floods; to throw one costs more than to make it. So does `validate`. */
  admit(route: GatewayRoute, exchange: GatewayExchange): Failure | Promise<void> | undefined;
  validate(route: GatewayRoute, exchange: GatewayExchange): Failure | Promise<void> | undefined;
  acquire(route: GatewayRoute, exchange: GatewayExchange): UpstreamPermit | Promise<UpstreamPermit>;
  attempt(route: GatewayRoute, exchange: GatewayExchange): Promise<UpstreamAnswer>;
  applyPolicy(
    response: UpstreamAnswer,
    route: GatewayRoute,
    exchange: GatewayExchange,
  ): UpstreamAnswer | Promise<UpstreamAnswer>;
  relay(response: UpstreamAnswer, route: GatewayRoute, exchange: GatewayExchange): Promise<void> | undefined;
  respond(failure: Failure, exchange: GatewayExchange): Promise<void> | undefined;
  finish(exchange: GatewayExchange): void;
  readonly shared: SharedState;
  /** Ends what the next stages have not taken over, without one all. Exchanges under way in these stages go on. */
  close(next?: Pipeline): void;
}

/** What may outlive a configuration: whatever the next one has the same goes over to it as it is. */
export interface SharedState {
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
