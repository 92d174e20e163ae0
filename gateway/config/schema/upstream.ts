import {
  block,
  choice,
  derived,
  duration,
  flag,
  following,
  integer,
  list,
  off,
  rate,
  text,
  withShorthand,
} from "./field.ts";
import { deadlineFields } from "./listen.ts";

const breaker = block("The circuit breaker each target has.", {
  errorRate: rate("Share of failed attempts within the window that opens it.", {
    default: "50%",
    min: "1%",
    max: "100%",
  }),
  window: duration("The span of time the rate is taken over.", { default: "10s", min: "1s", max: "1h" }),
  minimumRequests: integer("Attempts within the window below which it stays closed.", {
    default: 20,
    min: 1,
    max: 1_000_000,
  }),
  open: duration("How long it stays open before one trial.", { default: "5s", min: "100ms" }),
  maxOpen: duration("Up to which the open time grows while trials fail.", { default: "60s", min: "100ms" }),
  trials: integer("Requests let through after the open time; errorRate of them decides whether it closes.", {
    default: 1,
    min: 1,
    max: 1000,
  }),
  ramp: duration("How long after closing until all requests are let through again; 10 % are at first. 0 for at once.", {
    default: "4s",
    min: "0ms",
    max: "10m",
  }),
  slowCallDuration: off(
    duration(
      "An answer whose head takes longer, from the last byte of the request, is slow. Where set, slow calls count.",
    ),
  ),
  slowCallRate: rate("Share of slow answers within the window that opens it, where slowCallDuration is set.", {
    default: "50%",
    min: "1%",
    max: "100%",
  }),
  statuses: list(
    integer("An upstream's status.", { min: 400, max: 599 }),
    "Statuses of the upstream that count as failed attempts.",
    { default: [502, 503, 504] },
  ),
});

const concurrency = block(
  "How many requests may be at the upstream at once. A permit is held until the upstream's response has been read whole.",
  {
    limit: integer("Permits, or `knee`: found between min and max from measured latency.", {
      default: 100,
      min: 1,
      max: 1_000_000,
      words: ["knee"],
    }),
    min: integer("Least permits of `limit: knee`.", { default: 3, min: 1, max: 1_000_000 }),
    max: integer("Most permits of `limit: knee`.", { default: 1000, min: 1, max: 1_000_000 }),
    slo: derived(
      duration(
        "Median time to the response head over which `limit: knee` halves the permits. Well above what is usual.",
      ),
      "a tenth of timeouts.headers, 200ms to 500ms",
    ),
    queue: block("Where requests wait for a permit.", {
      depth: following(
        integer("Requests that may wait; more are refused as concurrency_limited. 0 for no queue.", {
          min: 0,
          max: 100_000,
        }),
        "half of the permits there are, at least 4",
      ),
      wait: duration("Longest wait, then queue_timeout.", { default: "100ms", min: "0ms", max: "10m" }),
    }),
  },
);

const websockets = block("Tunnels to the upstream, on routes with `websocket: true`. They take no permits.", {
  max: integer("Tunnels at once, handshakes included; more are refused as concurrency_limited.", {
    default: 1000,
    min: 0,
    max: 1_000_000,
  }),
  idle: duration("Longest silence of both sides; then the tunnel is closed.", { default: "5m", min: "1s" }),
});

const timeouts = block("The timers of one attempt, and of the connections kept.", {
  connect: duration("TCP and TLS handshake together, then upstream_connect_timeout.", { default: "1s", max: "10m" }),
  headers: duration("From the last request byte to the response head, then upstream_headers_timeout.", {
    default: "5s",
  }),
  idle: duration("Longest silence within a body while the other side is ready, then upstream_body_idle.", {
    default: "15s",
  }),
  keepAlive: duration("How long an idle upstream connection is kept. Shorter than the upstream keeps it.", {
    default: "4s",
  }),
  reportedKeepAlive: duration("How long the upstream itself keeps an idle connection; read by the alignment check.", {
    default: "5s",
  }),
});

const retryBudget = block("How many retries the upstream is asked to bear, over all routes: within any ten seconds.", {
  ratio: rate("Retries that its successes pay for, as a share of them.", { default: "20%", min: "0%", max: "100%" }),
  minPerSecond: integer("Retries a second on top, which nothing has to pay for.", { default: 3, min: 0, max: 100_000 }),
});

const health = block("Active health checks of each target.", {
  path: text("request-target", "What is asked with GET; 2xx is healthy.", "/healthz"),
  interval: duration("Between two probes of a target.", { default: "5s", min: "100ms" }),
  timeout: duration("Of one probe.", { default: "1s", min: "10ms" }),
  unhealthyAfter: integer("Failed probes in a row.", { default: 3, min: 1, max: 100 }),
  healthyAfter: integer("Good probes in a row.", { default: 2, min: 1, max: 100 }),
});

const upstreamTls = block("TLS towards https targets; the system's authorities where `ca` is not set.", {
  ca: off(text("file", "Certificate authority of the targets, PEM.")),
  cert: off(text("file", "The gateway's own certificate, PEM; goes with `key`.")),
  key: off(text("file", "The gateway's own private key, PEM; goes with `cert`.")),
  serverName: off(text("host-name", "Name sent (SNI) and verified, in place of the target's host.")),
  verify: flag("Whether certificates are verified. `false` warns at every start.", true),
});

const target = withShorthand(
  "url",
  block("One server; a bare URL stands for `{ url: … }`.", {
    url: text("target-url", "Scheme (http or https), host and port alone."),
    weight: integer("Share of the requests, against the other targets' weights.", { default: 1, min: 1, max: 1000 }),
  }),
);

export const upstreamSchema = block("A service: one or several targets that answer alike.", {
  targets: list(target, "Where it is.", { minItems: 1, maxItems: 1000 }),
  balance: choice(
    ["least-request", "round-robin", "random", "hash"],
    "How a target is chosen. `least-request` takes the less busy of two drawn at random; `hash` goes by hashBy.",
    "least-request",
  ),
  hashBy: off(text("hash-key", "What `balance: hash` goes by; requests without it go to the less busy.")),
  slowStart: duration("How long until a target that its health checks let return has its whole share; 10 % at first.", {
    default: "10s",
    min: "0ms",
    max: "1h",
  }),
  host: choice(
    ["target", "preserve"],
    "The Host that is sent: the target's own, or the one the client sent.",
    "target",
  ),
  timeouts,
  concurrency,
  websockets,
  breaker,
  retryBudget,
  deadlineHeader: off(
    choice(deadlineFields, "Field that tells the upstream what is left of the budget, in place of the client's own."),
  ),
  health: off(health),
  dns: block("Targets that are named, not numbered. All addresses of a name are used in turn.", {
    refresh: duration("How often a name's addresses are asked for again; idle connections to others are closed.", {
      default: "30s",
      min: "1s",
    }),
  }),
  maintenance: off(
    block("Set, every request that would go here is refused as maintenance.", {
      retryAfter: duration("The Retry-After that is told.", { default: "10m", min: "1s", max: "720h" }),
    }),
  ),
  tls: off(upstreamTls),
});
