import type { BodyPace } from "../exchange/upload-timer.ts";
import type { Shedder } from "../admit/shedder.ts";
import type { Clock } from "../exchange/clock.ts";
import type { PriorityRule } from "../acquire/priority.ts";
import type { DeadlineField } from "../attempt/deadline.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { Fields } from "../http1/fields.ts";
import type { Observer } from "../observe/observer.ts";
import type { Match } from "../route/match.ts";
import type { GatewayRoute, SharedState, Pipeline, Upstreams } from "./pipeline.ts";
import type { ResponsePolicy } from "../respond/response-policy.ts";
import type { RouteValidator } from "../validate/validate.ts";

import { compilePriority } from "../acquire/priority.ts";
import { maintenanceFailure } from "../admit/maintenance.ts";
import { RateLimits } from "../admit/rate-limits.ts";
import { attempt } from "../attempt/attempts.ts";
import { beginBudget } from "../attempt/deadline.ts";
import { compileRetry } from "../attempt/retry.ts";
import { Destinations } from "./destinations.ts";
import { isWebSocketHandshake } from "../upstream/handshake.ts";
import { compileHeaderRules } from "../upstream/headers.ts";
import { Known } from "../http1/fields.ts";
import { checkRequest, isForGateway } from "../client/request-checks.ts";
import { readInbound } from "../client/inbound.ts";
import { compileTrustedProxies } from "../client/client-address.ts";
import { pooledRandom } from "../observe/random.ts";
import { requestId, traceContext } from "../observe/trace.ts";
import { answerOptions } from "../respond/options.ts";
import { Responder } from "../respond/problem.ts";
import { ProxyStatus } from "../respond/proxy-status.ts";
import { relay } from "../respond/relay.ts";
import { applyResponsePolicy } from "../respond/response-policy.ts";
import { compileRouter } from "../route/compile.ts";
import { allowedMethods, match } from "../route/match.ts";
import { compileRewrite } from "../route/rewrite.ts";
import { buildResponsePolicies } from "./build-response-policies.ts";
import { buildUpstreams, closeUpstreams } from "./build-upstreams.ts";
import { ByteBudget } from "../validate/byte-budget.ts";
import { validate } from "../validate/validate.ts";

type GatewayExchange = Exchange<GatewayRoute>;

export interface PipelineOptions {
  readonly config: Config;
  /** Each route's compiled schemas. */
  readonly validators: ReadonlyMap<string, RouteValidator>;
  readonly observer: Observer;
  readonly shedder: Shedder;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Of the configuration that this one follows. */
  readonly inherited?: SharedState | undefined;
}

/** Builds the stages of a configuration. */
export function buildPipeline(options: PipelineOptions): Pipeline {
  const { config, observer, shedder, random } = options;
  const proxyStatus = new ProxyStatus(config.name);
  const policies = buildResponsePolicies({ ...options, proxyStatus, report: observer.report });
  const shared = buildSharedState(options);
  const { upstreams, limits, budget } = shared;
  const memory = { budget, beginningBytes: config.listen.requestBuffer };
  const routeOptions = { ...options, upstreams, policies, destinations: new Map<string, Destinations>() };
  const router = compileRouter(config.routes.map((route) => buildRoute(route, routeOptions)));
  const responder = new Responder({ proxyStatus, problemsBase: config.problems?.base, random });
  const trustedHints = trustedHintsOf(config.listen);
  const requestCheckOptions = { maxTargetLength: config.listen.maxTargetLength, pseudonym: config.name };
  return {
    open: openerOf(options),
    check: (exchange) => checkRequest(exchange, requestCheckOptions),
    isForGateway: (exchange) => isForGateway(exchange),
    respondToOptions: (exchange) => answerOptions(exchange, allowedMethods(router, exchange.inbound), proxyStatus),
    route: (exchange) => enterRoute(exchange, match(router, exchange.inbound), trustedHints),
    admit: (route, exchange) => {
      const overloaded = shedder.admit(exchange.priority, exchange.startedAt);
      if (overloaded !== undefined) return overloaded;
      const maintenance = route.config.maintenance ?? config.upstreams[exchange.upstream ?? ""]?.maintenance;
      return maintenance === undefined ? limits.admit(route.id, exchange) : maintenanceFailure(maintenance);
    },
    validate: (route, exchange) => validate(exchange, route.validator, memory),
    acquire: ({ destinations }, exchange) => destinations.of(exchange).service.acquire(exchange),
    attempt: ({ destinations, retry }, exchange) => attempt(exchange, destinations.of(exchange).service, retry),
    applyPolicy: (response, { responsePolicy: policy }, exchange) =>
      policy === undefined ? response : applyResponsePolicy(response, exchange, policy),
    relay: (response, { responseRules: rules }, exchange) =>
      relay(response, exchange, { proxyStatus, pseudonym: config.name, rules }),
    respond: (failure, exchange) =>
      exchange.route?.responsePolicy?.fallback?.serve(failure, exchange) ?? responder.respond(failure, exchange),
    finish: (exchange) => observer.finish(exchange),
    shared,
    close: (next) => closeSharedState(shared, next?.shared),
  };
}

function buildSharedState(options: PipelineOptions): SharedState {
  const { config, clock, random, observer, inherited } = options;
  return {
    upstreams: buildUpstreams(options, inherited?.upstreams),
    limits: new RateLimits({ config, clock, random, report: observer.report }, inherited?.limits),
    budget: inherited?.budget ?? new ByteBudget(config.listen.maxBufferedBytes),
  };
}

function closeSharedState({ upstreams, limits }: SharedState, next: SharedState | undefined): void {
  closeUpstreams(upstreams, next?.upstreams);
  limits.close(next?.limits);
}

function openerOf({ config, clock }: PipelineOptions): Pipeline["open"] {
  const ids = pooledRandom();
  const trustsPeer = compileTrustedProxies(config.listen.trustedProxies);
  const bodyPace = bodyPaceOf(config.listen);
  const { writeIdle: idleMs, minReadRate: minRate, contendedRate } = config.listen;
  const readPace = { idleMs, minRate };
  return (request) => {
    const { head, peer } = request;
    const { fields } = head;
    const isTraced = fields.has(Known.traceparent);
    return {
      clock,
      request,
      response: request.response,
      inbound: readInbound(head, peer, trustsPeer),
      id: requestId(fields.has(Known.xRequestId) ? fields.get("x-request-id") : undefined, ids),
      trace: traceContext(isTraced ? receivedTrace(fields) : untraced, ids),
      takeOver: fields.has(Known.upgrade) ? () => request.takeOver() : undefined,
      bodyPace,
      readPace,
      contendedRate,
    };
  };
}

function receivedTrace(fields: Fields) {
  return { traceparent: fields.get("traceparent"), tracestate: fields.get("tracestate") };
}

const untraced = {};

function bodyPaceOf({ minBodyRate, bodyGrace }: Config["listen"]): BodyPace | undefined {
  return minBodyRate === 0 ? undefined : { graceMs: bodyGrace, msPerByte: 1000 / minBodyRate };
}

/** What a trusted peer may say of its request. */
interface TrustedHints {
  readonly deadlineHeaders: readonly DeadlineField[];
  readonly priorityOf: PriorityRule;
}

function trustedHintsOf({ deadlineHeaders, priorityHeader }: Config["listen"]): TrustedHints {
  return { deadlineHeaders, priorityOf: compilePriority(priorityHeader) };
}

/** From here on the route's budget runs. */
function enterRoute(
  exchange: GatewayExchange,
  { route, parameters }: Match<GatewayRoute>,
  { deadlineHeaders, priorityOf }: TrustedHints,
): GatewayRoute {
  exchange.route = route;
  exchange.upstream = route.destinations.draw();
  exchange.pathParameters = parameters;
  exchange.isUpgrade = route.config.websocket && isWebSocketHandshake(exchange.inbound);
  // A connection whose handshake fails has carried the handshake's listeners: it ends with the answer.
  exchange.isLast ||= exchange.isUpgrade;
  exchange.priority = priorityOf(exchange, route.config.priority);
  beginBudget(exchange, route.config, deadlineHeaders);
  return route;
}

interface RouteOptions extends PipelineOptions {
  readonly upstreams: Upstreams;
  readonly policies: ReadonlyMap<string, ResponsePolicy>;
  /** Those that routes share, by what they are made of: fewer objects stay in the processor's caches. */
  readonly destinations: Map<string, Destinations>;
}

function buildRoute(route: RouteConfig, options: RouteOptions): GatewayRoute {
  const validator = options.validators.get(route.id);
  if (validator === undefined) throw unchecked(route);
  return {
    id: route.id,
    config: route,
    destinations: destinationsOf(route, options),
    validator,
    rewrite: route.rewrite === undefined ? undefined : compileRewrite(route.rewrite.stripPrefix),
    requestRules: compileHeaderRules(route.headers.request),
    responseRules: compileHeaderRules(route.headers.response),
    retry: route.retry === undefined ? undefined : compileRetry(route.retry, options.random),
    responsePolicy: options.policies.get(route.id),
  };
}

function destinationsOf(route: RouteConfig, options: RouteOptions): Destinations {
  const { connect, headers, idle } = route.timeouts;
  const key = JSON.stringify([route.weights ?? route.upstream, connect, headers, idle]);
  const built = options.destinations.get(key) ?? buildDestinations(route, options);
  options.destinations.set(key, built);
  return built;
}

function buildDestinations(route: RouteConfig, { upstreams, config, random }: RouteOptions): Destinations {
  const weights = Object.entries(route.weights ?? { [route.upstream]: 1 });
  const all = weights.map(([name, weight]) => {
    const service = upstreams.get(name)?.upstream;
    const defaults = config.upstreams[name]?.timeouts;
    if (service === undefined || defaults === undefined) throw unchecked(route);
    const { connect, headers, idle } = route.timeouts;
    const timeouts = {
      connect: connect ?? defaults.connect,
      headers: headers ?? defaults.headers,
      idle: idle ?? defaults.idle,
    };
    return { service, timeouts, weight };
  });
  return new Destinations(all, random);
}

function unchecked({ id }: RouteConfig): TypeError {
  return new TypeError(`route ${id} was not checked when the configuration was loaded`);
}
