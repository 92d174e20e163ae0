import type { IncomingMessage, ServerResponse } from "node:http";

import type { Permit } from "./acquire/concurrency.ts";
import type { BodyPace } from "./body-wait.ts";
import type { Clock } from "./clock.ts";
import type { DeadlineField } from "./attempt/deadline.ts";
import type { RetryRule } from "./attempt/retry.ts";
import type { Config, RouteConfig, UpstreamConfig } from "./config/schema.ts";
import type { Exchange, ExchangeHead, Route, UpstreamAnswer } from "./exchange.ts";
import type { Failure } from "./failures/failure.ts";
import type { HeaderRules } from "./forward/headers.ts";
import type { CallTimeouts, OutgoingRequest } from "./forward/carrier.ts";
import type { Observer } from "./observe/observer.ts";
import type { Router } from "./route/compile.ts";
import type { Match } from "./route/match.ts";
import type { Rewrite } from "./route/rewrite.ts";
import type { RouteValidator } from "./validate/validate.ts";

import { refuseUnderMaintenance } from "./admit/maintenance.ts";
import { RateLimits } from "./admit/rate-limits.ts";
import { attempt } from "./attempt/attempts.ts";
import { beginBudget, deadlineField } from "./attempt/deadline.ts";
import { compileRetry } from "./attempt/retry.ts";
import { isWebSocketHandshake } from "./forward/handshake.ts";
import { compileHeaderRules, requestHeaders } from "./forward/headers.ts";
import { conduct, isForGateway } from "./listen/conduct.ts";
import { readInbound } from "./listen/inbound.ts";
import { compileTrustedProxies } from "./listen/trusted-proxies.ts";
import { pooledRandom } from "./observe/random.ts";
import { requestId, traceContext, traceparent } from "./observe/trace.ts";
import { relayInterim } from "./respond/interim.ts";
import { answerOptions } from "./respond/options.ts";
import { Responder } from "./respond/problem.ts";
import { ProxyStatus } from "./respond/proxy-status.ts";
import { relay } from "./respond/relay.ts";
import { compileRouter } from "./route/compile.ts";
import { allowedMethods, match } from "./route/match.ts";
import { compileRewrite } from "./route/rewrite.ts";
import { Upstream } from "./upstream.ts";
import { ByteBudget } from "./validate/byte-budget.ts";
import { validate } from "./validate/validate.ts";

/** A route with what each room compiled of it. */
export interface GatewayRoute extends Route {
  readonly service: Upstream;
  readonly validator: RouteValidator;
  readonly rewrite: Rewrite | undefined;
  readonly requestRules: HeaderRules | undefined;
  readonly responseRules: HeaderRules | undefined;
  readonly timeouts: CallTimeouts;
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
  relay(answer: UpstreamAnswer, route: GatewayRoute, exchange: GatewayExchange): Promise<void>;
  respond(failure: Failure, exchange: GatewayExchange): Promise<void>;
  finish(exchange: GatewayExchange): void;
  readonly upstreams: readonly Upstream[];
  readonly maxRequestsPerSocket: number;
  close(): void;
}

export interface AssemblyOptions {
  readonly config: Config;
  /** Each route's compiled schemas. */
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly observer: Observer;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Builds the rooms of a configuration. */
export function assemble(options: AssemblyOptions): Rooms {
  const { config, clock, observer, random } = options;
  const proxyStatus = new ProxyStatus(config.name);
  const upstreams = assembleUpstreams(options);
  const limits = new RateLimits({ config, clock, random, report: observer.report });
  const router = compileRouter(config.routes.map((route) => assembleRoute(route, upstreams, options)));
  const responder = new Responder({ proxyStatus, problemsBase: config.problems?.base, random });
  const budget = new ByteBudget(config.listen.maxBufferedBytes);
  const conductOptions = { maxTargetLength: config.listen.maxTargetLength, pseudonym: config.name };
  return {
    mayUpgrade: upgradeRule(router, config),
    open: openerOf(options),
    conduct: (exchange) => conduct(exchange, conductOptions),
    isAsked: (exchange) => isForGateway(exchange),
    answer: (exchange) => answerOptions(exchange, allowedMethods(router, exchange.inbound), proxyStatus),
    route: (exchange) => enterRoute(exchange, match(router, exchange.inbound), config.listen.deadlineHeaders),
    admit: (route, exchange) => {
      refuseUnderMaintenance(route.config);
      return limits.admit(route.id, exchange);
    },
    validate: (route, exchange) => validate(exchange, route.validator, budget),
    acquire: (route, exchange) => route.service.acquire(exchange),
    attempt: (route, exchange) => attempt(exchange, route.service, route.retry),
    relay: (answer, { responseRules: rules }, exchange) =>
      relay(answer, exchange, { proxyStatus, pseudonym: config.name, rules }),
    respond: (failure, exchange) => responder.respond(failure, exchange),
    finish: (exchange) => observer.finish(exchange),
    upstreams: [...upstreams.values()],
    maxRequestsPerSocket: config.listen.maxRequestsPerSocket,
    close: () => {
      upstreams.forEach((upstream) => upstream.close());
      limits.close();
    },
  };
}

function upgradeRule(router: Router<GatewayRoute>, { listen }: Config): Rooms["mayUpgrade"] {
  const trustsPeer = compileTrustedProxies(listen.trustedProxies);
  return (req) => {
    if (!isWebSocketHandshake(req)) return false;
    try {
      return match(router, readInbound(req, trustsPeer)).route.config.websocket;
    } catch {
      // Whatever is wrong with it is found again, and answered, on its way through the rooms.
      return false;
    }
  };
}

function openerOf({ config, clock }: AssemblyOptions): Rooms["open"] {
  const ids = pooledRandom();
  const trustsPeer = compileTrustedProxies(config.listen.trustedProxies);
  const bodyPace = bodyPaceOf(config.listen);
  return (req, res) => ({
    clock,
    req,
    res,
    inbound: readInbound(req, trustsPeer),
    id: requestId(req.headers["x-request-id"], ids),
    trace: traceContext({ traceparent: req.headers["traceparent"], tracestate: req.headers["tracestate"] }, ids),
    bodyPace,
    writeIdleMs: config.listen.writeIdle,
  });
}

function bodyPaceOf({ minBodyRate, bodyGrace }: Config["listen"]): BodyPace | undefined {
  return minBodyRate === 0 ? undefined : { graceMs: bodyGrace, msPerByte: 1000 / minBodyRate };
}

/** From here on the route's budget runs. */
function enterRoute(
  exchange: GatewayExchange,
  { route, parameters }: Match<GatewayRoute>,
  believed: readonly DeadlineField[],
): GatewayRoute {
  exchange.route = route;
  exchange.pathParameters = parameters;
  beginBudget(exchange, route.config, believed);
  return route;
}

function assembleUpstreams(options: AssemblyOptions): Map<string, Upstream> {
  const { config, clock, random, observer } = options;
  const { report } = observer;
  return new Map(
    Object.entries(config.upstreams).map(([name, upstream]) => {
      const outgoing = outgoingOf(upstream, config.name);
      return [name, new Upstream({ name, config: upstream, clock, random, report, outgoing })];
    }),
  );
}

function assembleRoute(
  route: RouteConfig,
  upstreams: ReadonlyMap<string, Upstream>,
  options: AssemblyOptions,
): GatewayRoute {
  const service = upstreams.get(route.upstream);
  const defaults = options.config.upstreams[route.upstream]?.timeouts;
  const validator = options.validators.get(route.id);
  if (service === undefined || defaults === undefined || validator === undefined) {
    throw new TypeError(`route ${route.id} was not checked when the configuration was loaded`);
  }
  return {
    id: route.id,
    config: route,
    upstream: route.upstream,
    service,
    validator,
    rewrite: route.rewrite === undefined ? undefined : compileRewrite(route.rewrite.stripPrefix),
    requestRules: compileHeaderRules(route.headers.request),
    responseRules: compileHeaderRules(route.headers.response),
    timeouts: {
      connect: route.timeouts.connect ?? defaults.connect,
      headers: route.timeouts.headers ?? defaults.headers,
      idle: route.timeouts.idle ?? defaults.idle,
    },
    retry: route.retry === undefined ? undefined : compileRetry(route.retry, options.random),
  };
}

/** How an upstream's requests are written. */
function outgoingOf(config: UpstreamConfig, pseudonym: string) {
  const interim: OutgoingRequest["interim"] = (response, exchange) => {
    const { responseRules } = exchange.route as GatewayRoute;
    relayInterim(response, exchange, { pseudonym, removed: responseRules?.remove });
  };
  return (exchange: Exchange, targetHost: string): Omit<OutgoingRequest, "isFresh"> => {
    const { inbound } = exchange;
    const route = exchange.route as GatewayRoute;
    return {
      method: inbound.method,
      target: route.rewrite === undefined ? inbound.target : route.rewrite(inbound.target),
      headers: requestHeaders(exchange, {
        host: config.host === "preserve" && inbound.authority !== "" ? inbound.authority : targetHost,
        pseudonym,
        rules: route.requestRules,
        traceparent: traceparent(exchange.trace),
        deadline: deadlineField(exchange, config.deadlineHeader),
      }),
      maxBodyBytes: route.config.request.body.maxSize,
      timeouts: route.timeouts,
      interim,
    };
  };
}
