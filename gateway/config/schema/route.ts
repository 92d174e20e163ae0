import { block, choice, derived, duration, flag, integer, list, off, rate, record, size, text } from "./field.ts";

function parameters(what: string) {
  return off(block(`Checks ${what}.`, { schema: text("schema-file", "JSON Schema of an object, one property each.") }));
}

const body = block("The request body.", {
  schema: off(text("schema-file", "JSON Schema. With it the body is read and checked before the upstream is asked.")),
  maxSize: size("Longest body; more is body_too_large. Holds without a schema too.", {
    default: "1MiB",
    min: "0B",
    max: "1TiB",
  }),
  contentTypes: derived(
    list(text("media-range", "A media type; its subtype may be `*` or `*+suffix`."), "Media types that are accepted."),
    "[application/json] with a schema, else any",
  ),
  contentEncodings: list(
    choice(["gzip", "deflate", "br", "zstd"], "A content coding; one at a time."),
    "Codings in which a body that is checked may come. It is inflated to be checked, and forwarded as it came.",
    { default: [], maxItems: 4 },
  ),
  maxInflatedSize: size("Longest body once it is inflated; more is body_too_large.", {
    default: "1MiB",
    min: "1B",
    max: "1GiB",
  }),
  maxInflateRatio: integer("Bytes that one byte of a compressed body may become; more is body_too_large.", {
    default: 100,
    min: 1,
    max: 100_000,
  }),
  required: flag("Whether a request without a body is refused.", false),
});

const request = block("What a request must be like. Refused here, it never reaches the upstream.", {
  body,
  query: parameters("the query parameters"),
  headers: parameters("the header fields, by lower-case name"),
  path: parameters("the path parameters"),
  invalidStatus: choice([400, 422], "The status of a request that its schema refuses.", 400),
});

const response = block("What the body of a successful (2xx) answer must be like.", {
  schema: text("schema-file", "JSON Schema of the body."),
  mode: choice(["report", "enforce"], "Report violations, or answer upstream_schema_violation instead.", "report"),
  maxSize: size(
    "Longest body that is read to be checked, as it comes and once it is inflated. A longer one passes unchecked where `mode` is report, and is upstream_body_too_large where it is enforce.",
    { default: "1MiB", min: "1B", max: "256MiB" },
  ),
  sample: rate("Share of the answers that are checked where `mode` is report.", {
    default: "100%",
    min: "1%",
    max: "100%",
  }),
});

const retry = block("Further attempts. The failure map says what may be repeated at all; this narrows it.", {
  attempts: integer("Attempts in all, the first included.", { default: 2, min: 2, max: 10 }),
  on: list(
    integer("What is repeated: a kind of failure, or an upstream's status.", {
      min: 400,
      max: 599,
      words: ["refused", "reset", "timeout"],
    }),
    "What leads to a further attempt.",
    { default: ["refused", "reset", "timeout", 503] },
  ),
  backoff: block("The wait before a further attempt: random, up to a bound that doubles.", {
    base: duration("First bound.", { default: "25ms", max: "1m" }),
    max: duration("Last bound.", { default: "1s", max: "10m" }),
  }),
  idempotencyKey: flag("Whether an Idempotency-Key makes any method repeatable.", false),
});

const rateLimit = block("How often clients may ask; more is rate_limited. Counted before a body is read.", {
  requests: integer("Requests within `per`.", { default: 100, min: 1, max: 1_000_000_000 }),
  per: duration("The span of time.", { default: "1m", min: "1s" }),
  burst: integer("Requests that may come at once.", { default: 20, min: 1, max: 1_000_000_000 }),
  by: text(
    "rate-key",
    "Who is counted: ip (IPv6 by /64; behind listen.trustedProxies the client's), a header field (where it is absent the ip), or the route as a whole.",
    "ip",
  ),
  maxClients: integer("Clients remembered at once; beyond it those are forgotten first who owe least.", {
    default: 100_000,
    min: 1,
    max: 10_000_000,
  }),
  shared: flag("Whether all gateways on one `redis` share the quota. Each keeps to it by itself in any case.", false),
  failMode: choice(
    ["open", "closed"],
    "Of a shared quota while the store is out: each gateway's own count decides, or dependency_unavailable.",
    "open",
  ),
});

function headerRules(what: string) {
  return block(`Changes to the ${what}'s header fields.`, {
    set: record(text("header-value", "The value."), "Fields to set, in place of any that came.", {
      names: "settable-header",
      default: {},
    }),
    remove: list(text("settable-header", "A field name."), "Fields to remove.", { default: [] }),
  });
}

const translation = block("One kind of answer, and what it becomes.", {
  when: block("All that is given must hold. The first that does decides.", {
    status: integer("The upstream's status.", { min: 400, max: 599 }),
    headers: record(text("header-value", "The value."), "Header fields and their values.", {
      names: "token",
      default: {},
    }),
    body: record(text("any", "The value: a text, number, true, false or null."), "JSON pointers and their values.", {
      names: "json-pointer",
      default: {},
    }),
  }),
  status: integer("The status sent instead; fields and body stay the upstream's.", { min: 400, max: 599 }),
});

const upstreamErrors = block("What becomes of the upstream's own errors; passed on untouched by default.", {
  conceal: flag("Whether 5xx answers keep their status, and have a problem body in place of their own.", false),
  translate: list(translation, "Answers that mean something else than they say.", { default: [], maxItems: 100 }),
  maxSize: size("Longest body that is read for a condition on it; more is upstream_body_too_large.", {
    default: "64KiB",
    min: "1B",
    max: "16MiB",
  }),
  fallback: block("What GET and HEAD are served in place of a 5xx answer or a failure of the upstream's.", {
    body: off(text("file", "A static body, read at the start. A cached response goes before it.")),
    contentType: off(
      text("media-type", "The static body's media type; a text's charset is UTF-8. Told by the file's name if absent."),
    ),
    status: integer("The static body's status.", { default: 200, min: 200, max: 599 }),
    staleIfError: off(
      duration(
        "How old a cached response may be served. Kept are 200s to GET that name nobody: no Authorization, no Set-Cookie; Cache-Control and Vary are obeyed.",
      ),
    ),
    maxBytes: size("Memory for this route's cached responses; one may take up a quarter of it.", {
      default: "16MiB",
      min: "64KiB",
      max: "4GiB",
    }),
  }),
});

export const routeSchema = block("Requests of one kind, and where they go.", {
  id: text("name", "Its name in logs, metrics and findings; unique."),
  hosts: off(
    list(text("host-pattern", "A host, or *. and a domain."), "Hosts it answers for, any port; every host if absent.", {
      minItems: 1,
    }),
  ),
  methods: off(
    list(text("method", "A method. GET serves HEAD too."), "Methods it answers for; every known one if absent.", {
      minItems: 1,
    }),
  ),
  path: text(
    "path-pattern",
    "Case-sensitive. `{name}` is one whole segment; a trailing `/*` is a prefix, and matches without it too; other characters stand for themselves.",
  ),
  encodedSlash: choice(
    ["refuse", "allow"],
    "Whether a path may hold `%2F`: data to one server, a segment's end to the next. Forwarded as it came.",
    "refuse",
  ),
  upstream: derived(text("name", "Where its requests go; either this or `weights`."), "the first of `weights`", {
    unless: "weights",
  }),
  weights: off(
    record(integer("Share of the requests.", { min: 0, max: 1_000_000 }), "Several upstreams and their shares.", {
      names: "name",
      minProperties: 1,
    }),
  ),
  timeout: duration("The whole budget until response headers: queue, attempts and backoff; then deadline_exceeded.", {
    default: "15s",
  }),
  maxDuration: off(
    duration("The whole exchange, bodies included; what is under way then is broken off, by whom it waits for."),
  ),
  timeouts: block("Timers of this route's attempts, in place of the upstream's.", {
    connect: off(duration("As upstreams.*.timeouts.connect.", { max: "10m" })),
    headers: off(duration("As upstreams.*.timeouts.headers.")),
    idle: off(duration("As upstreams.*.timeouts.idle.")),
  }),
  request,
  response: off(response),
  retry: off(retry),
  rateLimit: off(rateLimit),
  priority: choice(
    ["critical", "normal", "sheddable"],
    "What is refused last when there is too much: critical; and first: sheddable.",
    "normal",
  ),
  rewrite: off(
    block("Changes to the path before it is forwarded.", {
      stripPrefix: text("path-prefix", "Leading segments that the upstream does not see."),
    }),
  ),
  headers: block("Changes to header fields.", { request: headerRules("request"), response: headerRules("response") }),
  websocket: flag("Whether WebSocket upgrades are tunnelled.", false),
  maintenance: off(
    block("Set, every request is refused as maintenance.", {
      retryAfter: duration("The Retry-After that is told.", { default: "10m", min: "1s", max: "720h" }),
    }),
  ),
  upstreamErrors,
});
