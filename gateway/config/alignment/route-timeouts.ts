import type { Path } from "../document.ts";
import type { Config, RetryConfig, RouteConfig, UpstreamConfig } from "../schema.ts";
import type { Inequality, Quantity, Side } from "./inequality.ts";
import type { LoadBalancerTimes } from "./load-balancer.ts";

import { formatSpan, only } from "./inequality.ts";

interface RouteAt {
  readonly route: RouteConfig;
  readonly path: Path;
  /** The route's whole budget. */
  readonly budget: Quantity;
}

interface UpstreamAt {
  readonly upstream: UpstreamConfig;
  readonly path: Path;
}

/** What a route's budget and timers owe to those who wait in front of the gateway, and to each other. */
export function routeInequalities(config: Config, loadBalancer: LoadBalancerTimes): Inequality[] {
  return config.routes.flatMap((route, index) => {
    const path = ["routes", index];
    const at = { route, path, budget: { path: [...path, "timeout"], ms: route.timeout } };
    return [
      ...waitersInequalities(at, config, loadBalancer),
      ...lifetimeInequalities(at),
      ...upstreamsOf(route, config).flatMap((upstream) =>
        silenceInequalities(at, upstream, loadBalancer).concat(attemptInequalities(at, upstream)),
      ),
    ];
  });
}

/** With weights, every upstream that can be drawn counts. */
function upstreamsOf(route: RouteConfig, { upstreams }: Config): UpstreamAt[] {
  const weights = Object.entries(route.weights ?? { [route.upstream]: 1 });
  return weights.flatMap(([name, weight]) => {
    const upstream = weight === 0 ? undefined : upstreams[name];
    return upstream === undefined ? [] : [{ upstream, path: ["upstreams", name] }];
  });
}

function waitersInequalities({ budget }: RouteAt, config: Config, loadBalancer: LoadBalancerTimes): Inequality[] {
  const client = config.surroundings?.client?.timeout;
  const callers = client === undefined ? undefined : { path: ["surroundings", "client", "timeout"], ms: client };
  const waiters = [callers, loadBalancer.timeout, loadBalancer.read].filter((wait) => wait !== undefined);
  return waiters.map((wait) => ({
    law: `${nameOf(wait)} > route timeout`,
    left: only(wait),
    relation: ">",
    right: only(budget),
    harm: `the ${wait === callers ? "client" : "load balancer"} can give up before the gateway answers with the cause`,
    mend: "right",
  }));
}

/** `client timeout`, `load balancer idle`: the one who waits, and by which of its times. */
function nameOf({ path }: Quantity): string {
  return `${path.includes("client") ? "client" : "load balancer"} ${path.at(-1)}`;
}

function lifetimeInequalities({ route, path, budget }: RouteAt): Inequality[] {
  if (route.maxDuration === undefined) return [];
  const right = only({ path: [...path, "maxDuration"], ms: route.maxDuration });
  const harm = "the exchange is broken off before its budget is spent";
  return [{ law: "route timeout ≤ maxDuration", left: only(budget), relation: "≤", right, harm, mend: "right" }];
}

/** Once the headers are out, the route's budget is spent: what bounds a silence then is `idle`. */
function silenceInequalities(at: RouteAt, { upstream, path }: UpstreamAt, { read }: LoadBalancerTimes): Inequality[] {
  if (read === undefined) return [];
  const silences: (readonly [string, Quantity])[] = [["body idle", timerOf("idle", at, { upstream, path })]];
  if (at.route.websocket) {
    silences.push(["tunnel idle", { path: [...path, "websockets", "idle"], ms: upstream.websockets.idle }]);
  }
  return silences.map(([name, silence]) => ({
    law: `${nameOf(read)} > ${name}`,
    left: only(read),
    relation: ">",
    right: only(silence),
    harm: "the load balancer cuts off what the gateway still waits for",
    mend: "right",
  }));
}

function attemptInequalities(at: RouteAt, to: UpstreamAt): Inequality[] {
  const timers = (["connect", "headers"] as const).map((name): Inequality => ({
    law: `${name} timeout ≤ route timeout`,
    left: only(timerOf(name, at, to)),
    relation: "≤",
    right: only(at.budget),
    harm: "the timer never fires and the whole budget goes to one attempt",
    mend: "left",
    // Set for the route alone: the upstream's own timer serves others too.
    mendAt: [...at.path, "timeouts", name],
  }));
  const sum: Inequality = {
    law: "route timeout ≥ queue wait + attempts × (connect + headers) + backoff",
    left: only(at.budget),
    relation: "≥",
    right: longestWay(at, to),
    harm: "the deadline can cut the last attempt short",
    mend: "left",
  };
  return [...timers, sum];
}

/** The longest that a request may take to its response headers while every timer is kept. */
function longestWay(at: RouteAt, to: UpstreamAt): Side {
  const { retry } = at.route;
  const wait = { path: [...to.path, "concurrency", "queue", "wait"], ms: to.upstream.concurrency.queue.wait };
  const connect = timerOf("connect", at, to);
  const headers = timerOf("headers", at, to);
  const attempts = retry?.attempts ?? 1;
  const backoff = retry === undefined ? 0 : longestBackoff(retry);
  const ms = wait.ms + attempts * (connect.ms + headers.ms) + backoff;
  const [queued, connected, answered, paused, all] = [wait.ms, connect.ms, headers.ms, backoff, ms].map(formatSpan);
  const retryPath = [...at.path, "retry"];
  const backoffSources = ["base", "max"].map((key) => ({ path: [...retryPath, "backoff", key] }));
  return {
    ms,
    worked: `${queued} + ${attempts} × (${connected} + ${answered}) + ${paused} = ${all}`,
    sources: [
      wait,
      { path: [...retryPath, "attempts"] },
      connect,
      headers,
      ...(retry === undefined ? [] : backoffSources),
    ],
  };
}

/** Full jitter draws from 0 up to a bound that doubles; all the bounds together are the worst of it. */
function longestBackoff({ attempts, backoff }: RetryConfig): number {
  let sum = 0;
  for (let pause = 0; pause < attempts - 1; pause++) sum += Math.min(backoff.max, backoff.base * 2 ** pause);
  return sum;
}

function timerOf(name: "connect" | "headers" | "idle", at: RouteAt, { upstream, path }: UpstreamAt): Quantity {
  const own = at.route.timeouts[name];
  if (own !== undefined) return { path: [...at.path, "timeouts", name], ms: own };
  return { path: [...path, "timeouts", name], ms: upstream.timeouts[name] };
}
