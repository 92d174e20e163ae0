import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import type { Clock } from "../exchange/clock.ts";
import type { Config, UpstreamConfig } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { OutgoingRequest } from "../upstream/carrier.ts";
import type { Observer } from "../observe/observer.ts";
import type { GatewayRoute, Upstreams } from "./pipeline.ts";

import { deadlineField } from "../attempt/deadline.ts";
import { requestHeaders } from "../upstream/headers.ts";
import { traceparent } from "../observe/trace.ts";
import { relayInterim } from "../respond/interim.ts";
import { Upstream } from "./upstream.ts";

export interface UpstreamsOptions {
  readonly config: Pick<Config, "name" | "upstreams">;
  readonly observer: Pick<Observer, "report">;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/**
 * The upstreams of a configuration. One of `inherited` that would be made the same is taken over as it is: with its
 * connections, its breakers, its health and its permits.
 */
export function buildUpstreams(options: UpstreamsOptions, inherited?: Upstreams): Upstreams {
  const { clock, random, observer } = options;
  const { name: pseudonym, upstreams } = options.config;
  const build = ([name, config]: [string, UpstreamConfig]) => {
    const origin = { config, pseudonym, tls: contentsOf(config.tls) };
    const standing = inherited?.get(name);
    if (standing !== undefined && isDeepStrictEqual(standing.origin, origin)) return [name, standing] as const;
    const outgoing = outgoingOf(config, pseudonym);
    const upstream = new Upstream({ name, config, clock, random, report: observer.report, outgoing });
    return [name, { upstream, origin }] as const;
  };
  return new Map(Object.entries(upstreams).map(build));
}

/** Closes those that `next` has not taken over. Calls under way, and calls that are still to come, end well. */
export function closeUpstreams(upstreams: Upstreams, next?: Upstreams): void {
  for (const [name, held] of upstreams) if (next?.get(name) !== held) held.upstream.close();
}

/** A renewed certificate stands in a file of the same name. */
function contentsOf(tls: UpstreamConfig["tls"]): readonly Buffer[] {
  const files = [tls?.ca, tls?.cert, tls?.key];
  return files.filter((file) => file !== undefined).map((file) => readFileSync(file));
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
      timeouts: route.destinations.of(exchange).timeouts,
      interim,
    };
  };
}
