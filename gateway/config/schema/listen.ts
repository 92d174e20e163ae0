import { block, choice, duration, flag, integer, list, off, size, text } from "./field.ts";

/** How others write a deadline: gRPC, Envoy, and what others made of it. */
export const deadlineFields = ["grpc-timeout", "x-envoy-expected-rq-timeout-ms", "request-timeout"] as const;

const port = { min: 0, max: 65_535 };

const serverTls = block("TLS on the listener. The files are read again when they change.", {
  cert: text("file", "Certificate chain, PEM."),
  key: text("file", "Private key, PEM."),
  clientCa: off(text("file", "Certificate authority of client certificates, PEM. Set, a client must present one.")),
});

export const listenSchema = block("Where clients are served.", {
  host: text("bind-address", "Address or host name to listen on.", "127.0.0.1"),
  port: integer("TCP port; 0 takes a free one.", { ...port, default: 8080 }),
  headersTimeout: duration(
    "Time a client has to send its request head: the first from the connection on, later ones from their first byte.",
    {
      default: "10s",
      max: "10m",
    },
  ),
  keepAlive: duration("How long an idle client connection is kept. Longer than the load balancer in front keeps it.", {
    default: "75s",
  }),
  maxConnections: integer(
    "Client connections at once. For one more the connection that has been idle for longest is closed; where none is idle, the new one.",
    { default: 10_000, min: 1, max: 1_000_000 },
  ),
  maxConnectionsPerAddress: off(
    integer("Client connections at once of one address (IPv6: of one /64); more are closed as they come.", {
      min: 1,
      max: 1_000_000,
    }),
  ),
  maxRequestsPerSocket: integer("Requests on one client connection; the last of them is answered with its close.", {
    default: 100_000,
    min: 1,
    max: 1_000_000_000,
  }),
  writeIdle: duration("How long a client may take nothing of an answer; then it is broken off as client_timeout.", {
    default: "30s",
    min: "100ms",
    max: "1h",
  }),
  minReadRate: size(
    "Bytes of a response a client has to take per second, counted while bytes wait for it; below it the response is broken off as client_timeout. 0B for no minimum.",
    { default: "0B", min: "0B", max: "1GiB" },
  ),
  contendedRate: size(
    "While requests queue for an upstream, exchanges whose client gave or took less than this per second over the last half second lose their permit, the slowest first, as client_timeout. 0B for none.",
    { default: "4KiB", min: "0B", max: "1GiB" },
  ),
  halfClose: choice(
    ["serve", "cancel"],
    "What a client's FIN means before its response: that it has said all and is served, or that it has left.",
    "serve",
  ),
  minBodyRate: size(
    "Request body bytes a client has to send per second; below it the request ends as client_timeout. 0B for no minimum.",
    { default: "512B", min: "0B", max: "1GiB" },
  ),
  bodyGrace: duration(
    "How far a client may fall behind minBodyRate, and so the longest silence within a request body.",
    { default: "10s", min: "100ms", max: "10m" },
  ),
  maxHeaderSize: size("Request head, all of it; a longer one is refused as headers_too_large.", {
    default: "16KiB",
    min: "1KiB",
    max: "1MiB",
  }),
  maxTargetLength: size("Request target (path and query); a longer one is refused as uri_too_long.", {
    default: "8KiB",
    min: "64B",
    max: "512KiB",
  }),
  maxBufferedBytes: size("Memory for request bodies that are read before they are forwarded, over all requests.", {
    default: "256MiB",
    min: "1MiB",
    max: "64GiB",
  }),
  requestBuffer: size(
    "Bytes of a request body without a schema that are read before the upstream is asked; they count in maxBufferedBytes.",
    { default: "64KiB", min: "1KiB", max: "16MiB" },
  ),
  responseBuffer: size("Bytes of a response that may wait for a slow client before its upstream has to wait.", {
    default: "64KiB",
    min: "1KiB",
    max: "16MiB",
  }),
  maxBufferedResponseBytes: size(
    "Memory for responses that clients have not taken, over all of them; once it is in use, every upstream waits for its client.",
    { default: "64MiB", min: "1MiB", max: "64GiB" },
  ),
  trustedProxies: list(
    text("cidr", "An address or a range of addresses."),
    "Peers whose X-Forwarded-*, priority and deadline fields are believed.",
    { default: [] },
  ),
  deadlineHeaders: list(
    choice(deadlineFields, "A field; its unit is its own: `request-timeout` is in seconds."),
    "Fields in which a trusted proxy may say how long it waits. Where that is less than the route's timeout, it is the budget.",
    { default: [], maxItems: deadlineFields.length },
  ),
  priorityHeader: off(
    text(
      "token",
      "Field in which a trusted proxy may say critical, normal or sheddable; it stands before the route's priority.",
    ),
  ),
  tls: off(serverTls),
  drain: block("What happens between SIGTERM and the end.", {
    grace: duration("Readiness fails while requests are still served, so that load balancers notice.", {
      default: "5s",
      min: "0ms",
    }),
    deadline: duration("From the signal on; what is still in flight then is destroyed.", { default: "30s" }),
  }),
});

export const adminSchema = block("The port for probes, metrics and operators. Keep it private.", {
  host: text("bind-address", "Address or host name to listen on.", "127.0.0.1"),
  port: integer("TCP port; 0 takes a free one.", { ...port, default: 9090 }),
});

export const logSchema = block("The log on standard output, one JSON object a line.", {
  level: choice(
    ["trace", "debug", "info", "warn", "error", "fatal"],
    "The least severe level that is written.",
    "info",
  ),
  access: flag("Whether each request has its access line.", true),
  redact: list(
    text("token", "A field or header name, in any case."),
    "Names whose values never reach the log, besides the built-in authorization, proxy-authorization, cookie and set-cookie.",
    { default: [] },
  ),
  shedsPerSecond: integer(
    "Lines a second for each code of requests refused before the upstream was asked (503) or for a quota (429); the next line's `omitted` and statuswise_log_sampled_out_total count the others.",
    { default: 10, min: 0, max: 1_000_000 },
  ),
});

export const problemsSchema = block("The problem bodies (RFC 9457) of the gateway's own failures.", {
  base: text("http-base", "Prefix of `type`, to which the failure's code is added. Without it `type` is about:blank."),
});

export const surroundingsSchema = block(
  "What stands around the gateway. Changes nothing at run time; the timeout alignment check reads it.",
  {
    client: off(
      block("The callers.", { timeout: off(duration("How long the most impatient caller waits for an answer.")) }),
    ),
    loadBalancer: off(
      block("The load balancer in front of the gateway.", {
        idle: off(duration("How long it keeps an idle connection to the gateway.")),
        read: off(duration("How long it waits for the gateway's next byte; as long as `idle` if absent.")),
        timeout: off(duration("How long it gives a request as a whole.")),
        preset: off(
          choice(
            ["aws-alb", "aws-api-gateway", "gcp-lb", "cloudflare", "nginx"],
            "A product whose documented times stand where the keys beside this one are absent.",
          ),
        ),
      }),
    ),
    terminationGracePeriod: off(duration("Time between SIGTERM and SIGKILL.")),
  },
);
