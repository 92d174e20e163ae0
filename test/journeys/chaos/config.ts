import type { ConfigShape } from "../../support/config-file.ts";

/** Where the services of the chaos are. */
export interface Addresses {
  readonly steady: string;
  readonly moody: string;
  readonly other: string;
}

const timeouts = { connect: "500ms", headers: "400ms", idle: "400ms" };
const breaker = { window: "2s", minimumRequests: 20, open: "500ms", maxOpen: "2s", ramp: "500ms" };
const json = { type: "object", properties: { item: { type: "string" }, count: { minimum: 0 } }, required: ["item"] };

function between(random: () => number, least: number, most: number): number {
  return Math.round(least + random() * (most - least));
}

function pick<T>(from: readonly T[], draw: number): T {
  return from[Math.floor(draw * from.length)] as T;
}

/** A configuration with something of everything; limits, times and two of the routes are other ones each time. */
export function chaosConfig({ steady, moody, other }: Addresses, random: () => number): ConfigShape {
  const queue = { depth: between(random, 0, 20), wait: `${between(random, 20, 120)}ms` };
  return {
    // A test that is kept from running sends its heads late: none is to be found late for that.
    listen: { headersTimeout: "30s", bodyGrace: "500ms", writeIdle: "1s" },
    schemas: { "order.json": json, "sorry.json": { sorry: true } },
    upstreams: {
      steady: { targets: [steady], timeouts, breaker, concurrency: { limit: between(random, 10, 60), queue } },
      adaptive: {
        targets: [steady, moody],
        timeouts,
        breaker,
        concurrency: { limit: "knee", min: between(random, 2, 6), max: between(random, 50, 200) },
        health: { interval: "500ms", timeout: "200ms" },
      },
      moody: { targets: [moody, other], timeouts, breaker, concurrency: { limit: between(random, 4, 30), queue } },
    },
    routes: routesOf(random),
  };
}

/**
 * Each with a budget. `passing` is found at times, and `paused` is under maintenance at times. None comes or goes as a
 * whole: its counters would go with it.
 */
function routesOf(random: () => number): ConfigShape["routes"] {
  const routes = [
    { id: "steady", path: "/steady/*", upstream: "steady" },
    { id: "adaptive", path: "/adaptive", upstream: "adaptive" },
    { id: "critical", path: "/critical", upstream: "adaptive", priority: "critical" },
    { id: "batch", path: "/batch", upstream: "adaptive", priority: "sheddable" },
    { id: "moody", path: "/moody", upstream: "moody" },
    { id: "retried", path: "/retried", upstream: "moody", retry: { attempts: 3 } },
    { id: "upload", path: "/upload", upstream: "moody", methods: ["POST"] },
    {
      id: "orders",
      path: "/orders",
      upstream: "adaptive",
      request: { body: { schema: "order.json", maxSize: "8KiB" } },
    },
    { id: "sorry", path: "/sorry", upstream: "moody", upstreamErrors: { fallback: { body: "sorry.json" } } },
    { id: "stale", path: "/stale", upstream: "moody", upstreamErrors: { fallback: { staleIfError: "10s" } } },
    { id: "concealed", path: "/concealed", upstream: "moody", upstreamErrors: { conceal: true } },
    {
      id: "limited",
      path: "/limited",
      upstream: "steady",
      rateLimit: { requests: between(random, 2, 20), per: "1s", burst: between(random, 1, 5), by: "route" },
    },
    { id: "paused", path: "/paused", upstream: "steady", ...pick([{}, { maintenance: {} }], random()) },
    { id: "passing", path: pick(["/passing", "/gone"], random()), upstream: "steady" },
  ];
  return routes.map((route) => Object.assign(route, { timeout: "1500ms" }));
}
