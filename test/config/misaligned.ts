/** A configuration in which one thing does not fit another, and all that is to be said of it. */
export interface Misaligned {
  readonly name: string;
  readonly text: string;
  readonly findings: readonly string[];
}

const orders = "upstreams: { orders: { targets: [http://a] } }\n";
const all = "routes: [{ id: all, path: /*, upstream: orders }]\n";
const sum = "route timeout ≥ queue wait + attempts × (connect + headers) + backoff does not hold";

/** One route before the sound upstream, with more keys. */
function route(more: string): string {
  return `${orders}routes: [{ id: all, path: /*, upstream: orders, ${more} }]\n`;
}

export const misaligned: readonly Misaligned[] = [
  {
    name: "a client that is less patient than a route by default",
    text: `surroundings: { client: { timeout: 10s } }\n${orders}${all}`,
    findings: [
      "gateway.yaml:3:10: warning: routes[0].timeout: client timeout > route timeout does not hold: 10s > 15s [surroundings.client.timeout at gateway.yaml:1:36, routes[0].timeout (default)], so the client can give up before the gateway answers with the cause; set routes[0].timeout to less than 10s",
    ],
  },
  {
    name: "a client exactly as patient as one of two routes",
    text: `surroundings: { client: { timeout: 20s } }\n${orders}routes:\n  - { id: a, path: /a, upstream: orders }\n  - { id: b, path: /b, upstream: orders, timeout: 20s }\n`,
    findings: [
      "gateway.yaml:5:51: warning: routes[1].timeout: client timeout > route timeout does not hold: 20s > 20s [surroundings.client.timeout at gateway.yaml:1:36, routes[1].timeout at gateway.yaml:5:51], so the client can give up before the gateway answers with the cause; set routes[1].timeout to less than 20s",
    ],
  },
  {
    name: "a route that may be silent for longer than the load balancer waits",
    text: `surroundings: { loadBalancer: { idle: 60s } }\nlisten: { drain: { deadline: 2m } }\n${route("timeout: 90s")}`,
    findings: [
      "gateway.yaml:4:58: warning: routes[0].timeout: load balancer idle > route timeout does not hold: 60s > 90s [surroundings.loadBalancer.idle at gateway.yaml:1:39, routes[0].timeout at gateway.yaml:4:58], so the load balancer can give up before the gateway answers with the cause; set routes[0].timeout to less than 60s",
    ],
  },
  {
    name: "a body that may pause for longer than the load balancer waits, once for all routes that share the timer",
    text: `surroundings: { loadBalancer: { idle: 10s } }\n${orders}routes:\n  - { id: a, path: /a, upstream: orders, timeout: 8s }\n  - { id: b, path: /b, upstream: orders, timeout: 8s }\n  - { id: c, path: /c, upstream: orders, timeout: 8s, timeouts: { idle: 9s } }\n`,
    findings: [
      "gateway.yaml:2:22: warning: upstreams.orders.timeouts.idle: load balancer idle > body idle does not hold: 10s > 15s [surroundings.loadBalancer.idle at gateway.yaml:1:39, upstreams.orders.timeouts.idle (default)], so the load balancer cuts off what the gateway still waits for; set upstreams.orders.timeouts.idle to less than 10s",
    ],
  },
  {
    name: "tunnels that may be silent for longer than the load balancer waits",
    text: `surroundings: { loadBalancer: { preset: aws-alb } }\n${route("websocket: true")}`,
    findings: [
      "gateway.yaml:2:22: warning: upstreams.orders.websockets.idle: load balancer idle > tunnel idle does not hold: 60s > 300s [surroundings.loadBalancer.idle by preset aws-alb at gateway.yaml:1:41, upstreams.orders.websockets.idle (default)], so the load balancer cuts off what the gateway still waits for; set upstreams.orders.websockets.idle to less than 60s",
    ],
  },
  {
    name: "a listener that closes idle connections before the load balancer does",
    text: `surroundings: { loadBalancer: { idle: 75s } }\n${orders}${all}`,
    findings: [
      "gateway.yaml:1:1: warning: listen.keepAlive: listen keepAlive > load balancer idle does not hold: 75s > 75s [listen.keepAlive (default), surroundings.loadBalancer.idle at gateway.yaml:1:39], so the gateway closes connections that the load balancer is about to use; set listen.keepAlive to more than 75s",
    ],
  },
  {
    name: "aws-alb: an upstream's body timer above its 60 s",
    text: `surroundings: { loadBalancer: { preset: aws-alb } }\nupstreams: { orders: { targets: [http://a], timeouts: { idle: 2m } } }\n${all}`,
    findings: [
      "gateway.yaml:2:63: warning: upstreams.orders.timeouts.idle: load balancer idle > body idle does not hold: 60s > 120s [surroundings.loadBalancer.idle by preset aws-alb at gateway.yaml:1:41, upstreams.orders.timeouts.idle at gateway.yaml:2:63], so the load balancer cuts off what the gateway still waits for; set upstreams.orders.timeouts.idle to less than 60s",
    ],
  },
  {
    name: "aws-api-gateway: a route as long as its 29 s",
    text: `surroundings: { loadBalancer: { preset: aws-api-gateway } }\n${route("timeout: 29s")}`,
    findings: [
      "gateway.yaml:3:58: warning: routes[0].timeout: load balancer timeout > route timeout does not hold: 29s > 29s [surroundings.loadBalancer.timeout by preset aws-api-gateway at gateway.yaml:1:41, routes[0].timeout at gateway.yaml:3:58], so the load balancer can give up before the gateway answers with the cause; set routes[0].timeout to less than 29s",
    ],
  },
  {
    name: "gcp-lb: connections that it keeps for 600 s, and a response that it wants within 30 s",
    text: `surroundings: { loadBalancer: { preset: gcp-lb } }\n${route("timeout: 30s")}`,
    findings: [
      "gateway.yaml:1:1: warning: listen.keepAlive: listen keepAlive > load balancer idle does not hold: 75s > 600s [listen.keepAlive (default), surroundings.loadBalancer.idle by preset gcp-lb at gateway.yaml:1:41], so the gateway closes connections that the load balancer is about to use; set listen.keepAlive to more than 600s",
      "gateway.yaml:3:58: warning: routes[0].timeout: load balancer timeout > route timeout does not hold: 30s > 30s [surroundings.loadBalancer.timeout by preset gcp-lb at gateway.yaml:1:41, routes[0].timeout at gateway.yaml:3:58], so the load balancer can give up before the gateway answers with the cause; set routes[0].timeout to less than 30s",
    ],
  },
  {
    name: "cloudflare: a route as long as its 100 s, on a listener that outlasts its 900 s",
    text: `surroundings: { loadBalancer: { preset: cloudflare } }\nlisten: { keepAlive: 905s, drain: { deadline: 2m } }\n${route("timeout: 100s")}`,
    findings: [
      "gateway.yaml:4:58: warning: routes[0].timeout: load balancer read > route timeout does not hold: 100s > 100s [surroundings.loadBalancer.read by preset cloudflare at gateway.yaml:1:41, routes[0].timeout at gateway.yaml:4:58], so the load balancer can give up before the gateway answers with the cause; set routes[0].timeout to less than 100s",
    ],
  },
  {
    name: "nginx: a route's body timer as long as its 60 s",
    text: `surroundings: { loadBalancer: { preset: nginx } }\n${route("timeouts: { idle: 60s }")}`,
    findings: [
      "gateway.yaml:3:67: warning: routes[0].timeouts.idle: load balancer read > body idle does not hold: 60s > 60s [surroundings.loadBalancer.read by preset nginx at gateway.yaml:1:41, routes[0].timeouts.idle at gateway.yaml:3:67], so the load balancer cuts off what the gateway still waits for; set routes[0].timeouts.idle to less than 60s",
    ],
  },
  {
    name: "a budget that one attempt and its wait for a permit exceed",
    text: route("timeout: 6s"),
    findings: [
      `gateway.yaml:2:58: warning: routes[0].timeout: ${sum}: 6s ≥ 100ms + 1 × (1s + 5s) + 0s = 6100ms [routes[0].timeout at gateway.yaml:2:58, upstreams.orders.concurrency.queue.wait (default), routes[0].retry.attempts (default), upstreams.orders.timeouts.connect (default), upstreams.orders.timeouts.headers (default)], so the deadline can cut the last attempt short; set routes[0].timeout to at least 6100ms`,
    ],
  },
  {
    name: "a budget that four attempts and the bounds of their backoff, 100 + 200 + 300 ms, exceed",
    text: `upstreams:\n  orders:\n    targets: [http://a]\n    timeouts: { connect: 2s, headers: 4s }\n    concurrency: { queue: { wait: 500ms } }\nroutes: [{ id: all, path: /*, upstream: orders, retry: { attempts: 4, backoff: { base: 100ms, max: 300ms } } }]\n`,
    findings: [
      `gateway.yaml:6:10: warning: routes[0].timeout: ${sum}: 15s ≥ 500ms + 4 × (2s + 4s) + 600ms = 25100ms [routes[0].timeout (default), upstreams.orders.concurrency.queue.wait at gateway.yaml:5:35, routes[0].retry.attempts at gateway.yaml:6:68, upstreams.orders.timeouts.connect at gateway.yaml:4:26, upstreams.orders.timeouts.headers at gateway.yaml:4:39, routes[0].retry.backoff.base at gateway.yaml:6:88, routes[0].retry.backoff.max at gateway.yaml:6:100], so the deadline can cut the last attempt short; set routes[0].timeout to at least 25100ms`,
    ],
  },
  {
    name: "a budget that one of two weighted upstreams exceeds, while a third of weight 0 does not count",
    text: `upstreams:\n  orders: { targets: [http://a] }\n  next: { targets: [http://b], timeouts: { headers: 14500ms } }\n  gone: { targets: [http://c], timeouts: { headers: 20s } }\nroutes: [{ id: all, path: /*, weights: { orders: 90, next: 10, gone: 0 } }]\n`,
    findings: [
      `gateway.yaml:5:10: warning: routes[0].timeout: ${sum}: 15s ≥ 100ms + 1 × (1s + 14500ms) + 0s = 15600ms [routes[0].timeout (default), upstreams.next.concurrency.queue.wait (default), routes[0].retry.attempts (default), upstreams.next.timeouts.connect (default), upstreams.next.timeouts.headers at gateway.yaml:3:53], so the deadline can cut the last attempt short; set routes[0].timeout to at least 15600ms`,
    ],
  },
  {
    name: "an upstream's headers timer that is longer than a route's budget",
    text: `upstreams: { orders: { targets: [http://a], timeouts: { headers: 20s } } }\n${all}`,
    findings: [
      "gateway.yaml:2:10: warning: routes[0].timeouts.headers: headers timeout ≤ route timeout does not hold: 20s ≤ 15s [upstreams.orders.timeouts.headers at gateway.yaml:1:66, routes[0].timeout (default)], so the timer never fires and the whole budget goes to one attempt; set routes[0].timeouts.headers to at most 15s",
      `gateway.yaml:2:10: warning: routes[0].timeout: ${sum}: 15s ≥ 100ms + 1 × (1s + 20s) + 0s = 21100ms [routes[0].timeout (default), upstreams.orders.concurrency.queue.wait (default), routes[0].retry.attempts (default), upstreams.orders.timeouts.connect (default), upstreams.orders.timeouts.headers at gateway.yaml:1:66], so the deadline can cut the last attempt short; set routes[0].timeout to at least 21100ms`,
    ],
  },
  {
    name: "a route's own connect timer that is longer than its budget",
    text: route("timeout: 3s, timeouts: { connect: 4s, headers: 1s }"),
    findings: [
      "gateway.yaml:2:83: warning: routes[0].timeouts.connect: connect timeout ≤ route timeout does not hold: 4s ≤ 3s [routes[0].timeouts.connect at gateway.yaml:2:83, routes[0].timeout at gateway.yaml:2:58], so the timer never fires and the whole budget goes to one attempt; set routes[0].timeouts.connect to at most 3s",
      `gateway.yaml:2:58: warning: routes[0].timeout: ${sum}: 3s ≥ 100ms + 1 × (4s + 1s) + 0s = 5100ms [routes[0].timeout at gateway.yaml:2:58, upstreams.orders.concurrency.queue.wait (default), routes[0].retry.attempts (default), routes[0].timeouts.connect at gateway.yaml:2:83, routes[0].timeouts.headers at gateway.yaml:2:96], so the deadline can cut the last attempt short; set routes[0].timeout to at least 5100ms`,
    ],
  },
  {
    name: "an exchange that may not last as long as its budget",
    text: route("maxDuration: 10s"),
    findings: [
      "gateway.yaml:2:62: warning: routes[0].maxDuration: route timeout ≤ maxDuration does not hold: 15s ≤ 10s [routes[0].timeout (default), routes[0].maxDuration at gateway.yaml:2:62], so the exchange is broken off before its budget is spent; set routes[0].maxDuration to at least 15s",
    ],
  },
  {
    name: "upstream connections kept for longer than the upstream is known to keep them",
    text: `upstreams: { orders: { targets: [http://a], timeouts: { keepAlive: 30s } } }\n${all}`,
    findings: [
      "gateway.yaml:1:68: warning: upstreams.orders.timeouts.keepAlive: upstream keepAlive < reportedKeepAlive does not hold: 30s < 5s [upstreams.orders.timeouts.keepAlive at gateway.yaml:1:68, upstreams.orders.timeouts.reportedKeepAlive (default)], so requests are sent on connections that the upstream is closing; set upstreams.orders.timeouts.keepAlive to less than 5s",
    ],
  },
  {
    name: "an upstream that keeps connections exactly as long as the gateway by default",
    text: `upstreams: { orders: { targets: [http://a], timeouts: { reportedKeepAlive: 4s } } }\n${all}`,
    findings: [
      "gateway.yaml:1:55: warning: upstreams.orders.timeouts.keepAlive: upstream keepAlive < reportedKeepAlive does not hold: 4s < 4s [upstreams.orders.timeouts.keepAlive (default), upstreams.orders.timeouts.reportedKeepAlive at gateway.yaml:1:76], so requests are sent on connections that the upstream is closing; set upstreams.orders.timeouts.keepAlive to less than 4s",
    ],
  },
  {
    name: "a drain that is shorter than the longest route",
    text: `listen: { drain: { deadline: 10s } }\n${orders}routes:\n  - { id: a, path: /a, upstream: orders, timeout: 9s }\n  - { id: b, path: /b, upstream: orders, timeout: 45s }\n`,
    findings: [
      "gateway.yaml:1:30: warning: listen.drain.deadline: drain deadline ≥ longest route timeout does not hold: 10s ≥ 45s [listen.drain.deadline at gateway.yaml:1:30, routes[1].timeout at gateway.yaml:5:51], so a drain can destroy a request that is within its budget; set listen.drain.deadline to at least 45s",
    ],
  },
  {
    name: "a drain as long as the time until it is killed",
    text: `surroundings: { terminationGracePeriod: 30s }\n${orders}${all}`,
    findings: [
      "gateway.yaml:1:1: warning: listen.drain.deadline: drain deadline < terminationGracePeriod does not hold: 30s < 30s [listen.drain.deadline (default), surroundings.terminationGracePeriod at gateway.yaml:1:41], so the process can be killed before it has drained and flushed its log; set listen.drain.deadline to less than 30s",
    ],
  },
  {
    name: "a drain whose grace leaves nothing of it",
    text: `listen: { drain: { grace: 30s } }\n${orders}${all}`,
    findings: [
      "gateway.yaml:1:27: warning: listen.drain.grace: drain grace < drain deadline does not hold: 30s < 30s [listen.drain.grace at gateway.yaml:1:27, listen.drain.deadline (default)], so no time is left to finish what came last; set listen.drain.grace to less than 30s",
    ],
  },
  {
    name: "probes without a pause",
    text: `upstreams: { orders: { targets: [http://a], health: { interval: 1s } } }\n${all}`,
    findings: [
      "gateway.yaml:1:53: warning: upstreams.orders.health.timeout: health timeout < health interval does not hold: 1s < 1s [upstreams.orders.health.timeout (default), upstreams.orders.health.interval at gateway.yaml:1:65], so a slow target is probed without a pause; set upstreams.orders.health.timeout to less than 1s",
    ],
  },
];
