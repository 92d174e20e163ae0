import { availableParallelism } from "node:os";

import type { Config, RouteConfig, UpstreamConfig } from "../config/schema.ts";

/** How many processes `workers` asks for. */
export function workerCount({ workers }: Pick<Config, "workers">): number {
  return workers === "auto" ? availableParallelism() : workers;
}

/**
 * The configuration of one of `size` workers. What bounds the load on an upstream or on this machine is divided, so that
 * all of them together keep to the file: permits, queue places, WebSockets, free retries, client connections, memory for
 * bodies and responses, and quotas that all clients of a route share.
 *
 * Quotas of one client (by address or header) stay whole: its connection is one worker's, and a part of the quota is not
 * what it was promised. So do shared ones, which are counted in one place.
 */
export function shareOf(config: Config, size: number): Config {
  if (size === 1) return config;
  const { listen, upstreams, routes } = config;
  return {
    ...config,
    listen: {
      ...listen,
      maxConnections: part(listen.maxConnections, size),
      maxBufferedResponseBytes: part(listen.maxBufferedResponseBytes, size),
      maxBufferedBytes: Math.max(part(listen.maxBufferedBytes, size), ...routes.map(bufferedBytes)),
    },
    upstreams: Object.fromEntries(Object.entries(upstreams).map(([name, one]) => [name, upstreamShare(one, size)])),
    routes: routes.map((route) => routeShare(route, size)),
  };
}

function part(whole: number, size: number): number {
  return Math.max(1, Math.floor(whole / size));
}

/** A body that one request may send has room in each share. */
function bufferedBytes({ request: { body } }: RouteConfig): number {
  return body.schema === undefined ? 0 : body.maxSize;
}

function upstreamShare(upstream: UpstreamConfig, size: number): UpstreamConfig {
  const { concurrency, websockets, retryBudget } = upstream;
  const { limit, min, max, slo, queue } = concurrency;
  return {
    ...upstream,
    concurrency: {
      limit: typeof limit === "number" ? part(limit, size) : limit,
      min: part(min, size),
      max: part(max, size),
      slo,
      // Without one of its own the queue follows the worker's permits.
      queue: { ...queue, depth: queue.depth === undefined ? undefined : Math.ceil(queue.depth / size) },
    },
    websockets: { ...websockets, max: part(websockets.max, size) },
    retryBudget: { ...retryBudget, minPerSecond: retryBudget.minPerSecond / size },
  };
}

/** The same requests in a longer time are a lower rate, to the last one. */
function routeShare(route: RouteConfig, size: number): RouteConfig {
  const { rateLimit } = route;
  if (rateLimit === undefined || rateLimit.shared || rateLimit.by !== "route") return route;
  const share = { per: rateLimit.per * size, burst: part(rateLimit.burst, size) };
  return { ...route, rateLimit: { ...rateLimit, ...share } };
}
