import assert from "node:assert/strict";
import { test } from "node:test";

import type { Beside } from "./load-text.ts";

import { findingsOf, sound, soundRoutes, soundUpstreams } from "./load-text.ts";

interface Source extends Beside {
  readonly text: string;
}

function finds(name: string, source: string | Source, findings: readonly string[]): void {
  const { text, ...beside } = typeof source === "string" ? { text: source } : source;
  test(name, () => assert.deepEqual(findingsOf(text, beside), findings));
}

/** A route's keys, in a file in which they begin at 5:5. */
function route(...lines: readonly string[]): string {
  return [
    soundUpstreams.trim(),
    "routes:",
    "  - id: r",
    "    upstream: orders",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
}

/** An upstream's keys, in a file in which they begin at 4:5. */
function upstream(...lines: readonly string[]): string {
  const head = [soundRoutes.trim(), "upstreams:", "  orders:"];
  return [...head, ...lines.map((line) => `    ${line}`)].join("\n");
}

finds("a sound file has no findings", sound, []);

finds("names the nearest key for an unknown one", route("path: /", "timout: 5s"), [
  "gateway.yaml:6:5: routes[0].timout: unknown key; did you mean 'timeout'?",
]);
finds("says where a misplaced key belongs", upstream("targets: [http://a:1]", "retry: {}"), [
  "gateway.yaml:5:5: upstreams.orders.retry: unknown key; 'retry' belongs in routes[]",
]);
finds(
  "names the near key and the other place of a key that could be both",
  upstream("targets: [http://a:1]", "timeout: 1s"),
  [
    "gateway.yaml:5:5: upstreams.orders.timeout: unknown key; did you mean 'timeouts'? " +
      "'timeout' belongs in surroundings.client, surroundings.loadBalancer, redis, upstreams.*.health, routes[]",
  ],
);
finds("lists the known keys where no name is near", `${sound}admin: { zzz: 1 }`, [
  "gateway.yaml:3:10: admin.zzz: unknown key; known here: host, port",
]);
finds("does not call a misspelt key missing as well", route("paht: /x"), [
  "gateway.yaml:5:5: routes[0].paht: unknown key; did you mean 'path'?",
]);
finds(
  "finds a missing key at its block",
  "upstreams: { orders: { targets: [http://a:1] } }\nroutes:\n  - upstream: orders\n    path: /",
  ["gateway.yaml:3:5: routes[0].id: is missing"],
);
finds("wants an upstream or weights of a route", `${soundUpstreams}routes: [{ id: a, path: / }]`, [
  "gateway.yaml:2:10: routes[0].upstream: is missing",
]);
finds("finds a key given twice, and the first of the two", `${sound}name: a\nname: b`, [
  "gateway.yaml:4:1: name: given twice; first at 3:1",
]);
finds("finds an empty value", `${sound}problems:`, [
  "gateway.yaml:3:10: problems: is empty; write {} for the defaults, or remove the key",
]);
finds("finds an empty file", "", ["gateway.yaml:1:1: is empty; write {} for the defaults, or remove the key"]);

finds("finds a single value where a block is expected", `${sound}listen: 8080`, [
  "gateway.yaml:3:9: listen: a single value where a block of keys is expected",
]);
finds("finds a single value where a list is expected", route("path: /", "methods: GET"), [
  "gateway.yaml:6:14: routes[0].methods: a single value where a list is expected",
]);
finds("finds a list where a single value is expected", route("path: [/]"), [
  "gateway.yaml:5:11: routes[0].path: a list where a single value is expected",
]);
finds("finds text where a number is expected", `${sound}admin: { port: "9090" }`, [
  "gateway.yaml:3:16: admin.port: '9090' is text; remove the quotes",
]);
finds("finds a fraction where an integer is expected", `${sound}admin: { port: 90.5 }`, [
  "gateway.yaml:3:16: admin.port: '90.5' is no integer",
]);
finds("finds what is neither true nor false", `${sound}log: { access: yes }`, [
  "gateway.yaml:3:16: log.access: 'yes' is neither true nor false",
]);
finds("finds a word that is not one of the choices", `${sound}log: { level: inof }`, [
  "gateway.yaml:3:15: log.level: 'inof' is not one of the choices; did you mean 'info'? " +
    "expected trace, debug, info, warn, error, fatal",
]);
finds("finds a status that is not one of the choices", route("path: /", "request: { invalidStatus: 418 }"), [
  "gateway.yaml:6:31: routes[0].request.invalidStatus: '418' is not one of the choices; expected 400, 422",
]);
finds("finds a number out of bounds", `${sound}listen: { port: 65536 }`, [
  "gateway.yaml:3:17: listen.port: '65536' is out of bounds; expected 0 to 65535",
]);
finds("finds an empty list that needs an entry", upstream("targets: []"), [
  "gateway.yaml:4:14: upstreams.orders.targets: has no entry",
]);
finds("finds an empty record that needs an entry", `upstreams: {}\nroutes: [{ id: a, path: /, upstream: b }]`, [
  "gateway.yaml:1:12: upstreams: has no entry",
  "gateway.yaml:2:38: routes[0].upstream: unknown upstream 'b'",
]);

finds("finds a duration without a unit", route("path: /", "timeout: 15"), [
  "gateway.yaml:6:14: routes[0].timeout: '15' is no duration; expected a duration such as 250ms, 5s, 2m or 1h",
]);
finds("finds a timer that 0 would switch off", route("path: /", "timeout: 0s"), [
  "gateway.yaml:6:14: routes[0].timeout: '0s' is out of bounds; expected 1ms to 24h",
]);
finds("finds a size in decimal units", route("path: /", "request: { body: { maxSize: 10KB } }"), [
  "gateway.yaml:6:33: routes[0].request.body.maxSize: '10KB' is no size; expected a size such as 512B, 64KiB, 1MiB or 2GiB",
]);
finds("finds a rate that can never be reached", upstream("targets: [http://a:1]", "breaker: { errorRate: 101% }"), [
  "gateway.yaml:5:27: upstreams.orders.breaker.errorRate: '101%' is out of bounds; expected 1% to 100%",
]);
finds("finds a CIDR with too long a prefix", `${sound}listen: { trustedProxies: [10.0.0.0/33] }`, [
  "gateway.yaml:3:28: listen.trustedProxies[0]: '10.0.0.0/33' has no valid prefix length; expected an address or a range such as 10.0.0.0/8",
]);
finds(
  "finds a target that is more than an origin",
  upstream("targets:", "  - http://a/b", "  - { url: 'http://a?x' }"),
  [
    "gateway.yaml:5:9: upstreams.orders.targets[0]: 'http://a/b' has more than a scheme, a host and a port; expected a URL such as http://10.0.0.7:9001",
    "gateway.yaml:6:16: upstreams.orders.targets[1].url: 'http://a?x' has more than a scheme, a host and a port; expected a URL such as http://10.0.0.7:9001",
  ],
);
finds("finds credentials in a target without printing them", upstream("targets: ['http://u:secret@a']"), [
  "gateway.yaml:4:15: upstreams.orders.targets[0]: 'http://…@a' holds credentials; expected a URL such as http://10.0.0.7:9001",
]);
finds("finds the same target twice", upstream("targets: [http://a, http://A:80/]"), [
  "gateway.yaml:4:25: upstreams.orders.targets[1]: is the same target as targets[0]",
]);
finds("finds a method that is never forwarded", route("path: /", "methods: [GET, TRACE]"), [
  "gateway.yaml:6:20: routes[0].methods[1]: 'TRACE' is never forwarded; expected a method such as GET",
]);
finds("finds a method in lower case", route("path: /", "methods: [get]"), [
  "gateway.yaml:6:15: routes[0].methods[0]: 'get' is a method in upper case only; expected a method such as GET",
]);
finds("finds a host with a port", route("path: /", "hosts: ['a.example.com:80']"), [
  "gateway.yaml:6:13: routes[0].hosts[0]: 'a.example.com:80' names a port, and ports are ignored; expected a host such as api.example.com or *.example.com",
]);
finds("finds a path with a dot segment", route("path: /a/../b"), [
  "gateway.yaml:5:11: routes[0].path: '/a/../b' has a dot segment; expected a path such as /orders, /orders/{id} or /files/*",
]);
finds("finds a header name that is none", route("path: /", "headers: { request: { remove: ['a b'] } }"), [
  "gateway.yaml:6:36: routes[0].headers.request.remove[0]: 'a b' is no header name (RFC 9110 §5.1); expected the name of a header that rules may change",
]);
finds("refuses rules on hop-by-hop fields", route("path: /", "headers: { response: { set: { Connection: close } } }"), [
  "gateway.yaml:6:35: routes[0].headers.response.set.Connection: 'Connection' is the gateway's own to set; expected the name of a header that rules may change",
]);
finds(
  "refuses a header value with a line break",
  route("path: /", 'headers: { request: { set: { X-A: "a\\r\\nb" } } }'),
  [
    "gateway.yaml:6:39: routes[0].headers.request.set.X-A: 'a\\r\\nb' has a character that no header may have; expected a header value",
  ],
);
finds("finds one header set in two spellings", route("path: /", "headers: { request: { set: { X-A: 1, x-a: 2 } } }"), [
  "gateway.yaml:6:47: routes[0].headers.request.set.x-a: is set twice, in different case",
]);

finds(
  "finds an unknown upstream and the one that was meant",
  `${soundUpstreams}routes:\n  - { id: a, path: /, upstream: order }`,
  ["gateway.yaml:3:33: routes[0].upstream: unknown upstream 'order'; did you mean 'orders'?"],
);
finds(
  "warns of an upstream that no route uses",
  `${soundRoutes}upstreams:\n  orders: { targets: [http://a] }\n  old: { targets: [http://b] }`,
  ["gateway.yaml:4:8: warning: upstreams.old: is used by no route"],
);
finds(
  "finds a route id taken twice",
  `${soundUpstreams}routes:\n  - { id: a, path: /a, upstream: orders }\n  - { id: a, path: /b, upstream: orders }`,
  ["gateway.yaml:4:11: routes[1].id: 'a' is taken; first at 3:11"],
);
finds(
  "finds ambiguous routes and names both places",
  `${soundUpstreams}routes:\n  - { id: a, path: "/x/{p}", methods: [GET, PUT], upstream: orders }\n  - { id: b, path: "/x/{q}", methods: [PUT], upstream: orders }`,
  ["gateway.yaml:4:20: routes[1].path: ambiguous with route 'a' at 3:20; their hosts, methods and path shape overlap"],
);
finds(
  "takes routes for different that differ in host, method or kind of path",
  `${soundUpstreams}routes:
  - { id: a, path: /x, methods: [GET], upstream: orders }
  - { id: b, path: /x, methods: [HEAD], upstream: orders }
  - { id: c, path: /x, hosts: [a.example.com], upstream: orders }
  - { id: d, path: /x, hosts: ["*.example.com"], upstream: orders }
  - { id: e, path: /x/*, upstream: orders }
  - { id: f, path: "/{x}", upstream: orders }
  - { id: g, path: /x/, upstream: orders }`,
  [],
);
finds("finds a prefix to strip that the path does not have", route("path: /v10/*", "rewrite: { stripPrefix: /v1 }"), [
  "gateway.yaml:6:29: routes[0].rewrite.stripPrefix: is not what the route's path begins with",
]);
finds("finds an upstream beside weights, and weights that give nothing", route("path: /", "weights: { orders: 0 }"), [
  "gateway.yaml:6:14: routes[0].weights: stands beside `upstream`; keep one of them",
  "gateway.yaml:6:14: routes[0].weights: adds up to 0",
]);
finds(
  "finds a hash that goes by nothing, and a key that nothing goes by",
  `${upstream("targets: [http://a:1]", "balance: hash")}\n  other: { targets: [http://b:1], hashBy: ip }`,
  [
    "gateway.yaml:5:14: upstreams.orders.balance: goes by nothing; set hashBy",
    "gateway.yaml:6:10: warning: upstreams.other: is used by no route",
    "gateway.yaml:6:43: warning: upstreams.other.hashBy: has no effect without `balance: hash`",
  ],
);
finds(
  "finds weights of an upstream that is not there",
  `${soundUpstreams}routes: [{ id: a, path: /, weights: { xyz: 1 } }]`,
  [
    "gateway.yaml:1:22: warning: upstreams.orders: is used by no route",
    "gateway.yaml:2:44: routes[0].weights.xyz: unknown upstream 'xyz'; known: orders",
  ],
);
finds("finds a first wait longer than the last", route("path: /", "retry: { backoff: { base: 2s } }"), [
  "gateway.yaml:6:31: routes[0].retry.backoff.base: is more than max",
]);
finds(
  "warns of deadline headers that nobody is believed to send",
  `${sound}listen: { deadlineHeaders: [grpc-timeout] }`,
  ["gateway.yaml:3:28: warning: listen.deadlineHeaders: has no effect: no peer is in listen.trustedProxies"],
);
finds("warns of a priority header that nobody is believed to send", `${sound}listen: { priorityHeader: x-priority }`, [
  "gateway.yaml:3:27: warning: listen.priorityHeader: has no effect: no peer is in listen.trustedProxies",
]);
finds("warns of TLS settings where no target has TLS", upstream("targets: [http://a]", "tls: {}"), [
  "gateway.yaml:5:10: warning: upstreams.orders.tls: has no effect: no target is https://",
]);
finds("finds the same port twice", `${sound}listen: { port: 9090 }`, [
  "gateway.yaml:3:17: listen.port: port 9090 is taken by admin.port",
]);
finds("finds bounds in the wrong order", upstream("targets: [http://a]", "breaker:", "  open: 2m"), [
  "gateway.yaml:6:13: upstreams.orders.breaker.open: 2m is more than maxOpen, 1m",
]);
finds("finds a shedder that would begin after its end", `${sound}shedding: { loopDelay: { from: 1s } }`, [
  "gateway.yaml:3:32: shedding.loopDelay.from: 1s is more than to, 16ms",
]);
finds("finds an overload that is held for longer than allowed", `${sound}shedding: { hold: 1m }`, [
  "gateway.yaml:3:19: shedding.hold: 1m is more than maxHold, 16s",
]);
finds(
  "finds a client certificate without its key",
  { text: upstream("targets: [https://a]", "tls: { cert: c.pem }"), files: { "c.pem": "" } },
  ["gateway.yaml:5:10: upstreams.orders.tls: cert and key go together"],
);
finds(
  "finds a listener's certificate that is none",
  {
    text: `${sound}listen: { tls: { cert: c.pem, key: k.pem } }`,
    files: { "c.pem": "-----BEGIN CERTIFICATE-----\nsecret\n", "k.pem": "" },
  },
  [
    "gateway.yaml:3:16: listen.tls: the files cannot be used together (ERR_OSSL_PEM_BAD_END_LINE); each must be PEM, and the key that of the first certificate",
  ],
);
finds(
  "finds an authority that is none",
  { text: upstream("targets: [https://a]", "tls: { ca: ca.pem }"), files: { "ca.pem": "not PEM" } },
  [
    "gateway.yaml:5:10: upstreams.orders.tls: the files cannot be used together (ERR_OSSL_PEM_NO_START_LINE); each must be PEM, and the key that of the first certificate",
  ],
);
finds("warns where certificates are not verified", upstream("targets: [https://a]", "tls: { verify: false }"), [
  "gateway.yaml:5:20: warning: upstreams.orders.tls.verify: certificates are not verified; give the authority in `ca` instead",
]);
finds(
  "finds a body that could never be buffered",
  { text: route("path: /", "request: { body: { schema: s.json, maxSize: 1GiB } }"), files: { "s.json": "{}" } },
  ["gateway.yaml:6:49: routes[0].request.body.maxSize: is more than listen.maxBufferedBytes, 256MiB"],
);

finds("finds a schema file that is not there", route("path: /", "request: { query: { schema: nope.json } }"), [
  "gateway.yaml:6:33: routes[0].request.query.schema: 'nope.json' cannot be read (ENOENT)",
]);
finds(
  "finds a schema file that is neither JSON nor YAML, and where it breaks",
  { text: `${sound}schemas: [bad.json]`, files: { "bad.json": '{\n  "a": "b\n}' } },
  ['gateway.yaml:3:11: schemas[0]: neither JSON nor YAML: bad.json:3:2: not valid YAML: Missing closing "quote'],
);

finds(
  "finds a schema file that only YAML would take for JSON",
  { text: `${sound}schemas: [loose.json]`, files: { "loose.json": '{ "a": 1, }' } },
  ["gateway.yaml:3:11: schemas[0]: 'loose.json' is YAML, but not JSON"],
);

finds(
  "warns of bounds and an slo that a fixed limit has no use for",
  upstream("targets: [http://a]", "concurrency: { limit: 20, min: 10, slo: 1s }"),
  [
    "gateway.yaml:5:36: warning: upstreams.orders.concurrency.min: has no effect without `limit: knee`",
    "gateway.yaml:5:45: warning: upstreams.orders.concurrency.slo: has no effect without `limit: knee`",
  ],
);
finds(
  "warns of an slo that no answer can be over",
  upstream("targets: [http://a]", "concurrency: { limit: knee, slo: 5s }"),
  [
    "gateway.yaml:5:38: warning: upstreams.orders.concurrency.slo: no answer is as slow as that: timeouts.headers is not longer; set it well below",
  ],
);
finds("stops at a syntax error, with its place", "routes: [\nname: x", [
  "gateway.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
]);
finds("explains the braces that YAML takes for its own", `${soundUpstreams}routes: [{ path: /x/{id} }]`, [
  "gateway.yaml:2:21: not valid YAML: Unexpected flow-map-start at node end; quote a value with braces in it",
]);
finds("refuses tags it does not know", `${sound}name: !secret x`, [
  "gateway.yaml:3:7: not valid YAML: Unresolved tag: !secret",
]);
finds("refuses YAML 1.1, where `no` is a boolean", `%YAML 1.1\n---\n${sound}`, [
  "gateway.yaml:1:1: the %YAML directive asks for another version than 1.2",
]);
finds("finds an alias without its anchor", `${sound}listen: *ports`, ["gateway.yaml:3:9: listen: no anchor 'ports'"]);
finds("finds an anchor that holds itself", `${soundUpstreams}routes: &r [*r]`, [
  "gateway.yaml:2:12: routes[0]: a list where a block of keys is expected",
]);
finds("finds a key that is no name", `${sound}? [a]\n: b`, ["gateway.yaml:3:3: a key that is no name"]);
finds("has the same places in JSON", { text: `{\n\t"upstreams": {},\n\t"rotes": []\n}`, name: "gateway.json" }, [
  "gateway.json:2:15: upstreams: has no entry",
  "gateway.json:3:2: rotes: unknown key; did you mean 'routes'?",
]);

test("bounds the aliases it follows", () => {
  const many = Array.from({ length: 1100 }, () => "*m").join(", ");
  const findings = findingsOf(
    `${soundUpstreams}routes:\n  - { id: &m GET, path: /, upstream: orders, methods: [${many}] }`,
  );
  assert.ok(findings.some((finding) => finding.endsWith("has more than 1000 entries")));
  const nested = `a: &a [${many.replaceAll("*m", "GET").slice(0, 100)}]`;
  assert.ok(
    findingsOf(`${soundUpstreams}routes:\n  - &r { id: x }\n${"  - *r\n".repeat(1100)}${nested}`).some((f) =>
      f.includes("more than 1000 aliases"),
    ),
  );
});

test("finds ten different faults at once, in the order of the file", () => {
  const text = `name: orders-gateway
listen:
  port: 80800
  keepAlive: 75
  maxConections: 5
upstreams:
  orders:
    targets: [ftp://127.0.0.1]
    balance: fastest
routes:
  - id: list
    path: /orders
    upstream: order
    timeout: 0s
  - id: list
    path: /orders/{id
    upstream: orders
    request:
      body: { schema: nope.json }
`;
  const places = findingsOf(text).map((finding) => finding.split(": ", 2).join(" "));
  assert.deepEqual(places, [
    "gateway.yaml:3:9 listen.port",
    "gateway.yaml:4:14 listen.keepAlive",
    "gateway.yaml:5:3 listen.maxConections",
    "gateway.yaml:8:15 upstreams.orders.targets[0]",
    "gateway.yaml:9:14 upstreams.orders.balance",
    "gateway.yaml:13:15 routes[0].upstream",
    "gateway.yaml:14:14 routes[0].timeout",
    "gateway.yaml:15:9 routes[1].id",
    "gateway.yaml:16:11 routes[1].path",
    "gateway.yaml:19:23 routes[1].request.body.schema",
  ]);
});

test("says in one line that a file cannot be read", async () => {
  const { loadConfig } = await import("../../gateway/config/load.ts");
  const result = loadConfig("/nowhere/gateway.yaml", { environment: {}, hostName: "h" });
  assert.ok("findings" in result);
  assert.deepEqual(
    result.findings.map(({ line, message }) => [line, message]),
    [[0, "cannot be read (ENOENT)"]],
  );
});

finds("a shared quota needs a store", route("path: /", "rateLimit: { shared: true }"), [
  "gateway.yaml:6:26: routes[0].rateLimit.shared: needs a store; add redis: { url: … } to the file",
]);
finds(
  "of a store that is faulty it is not said that it is missing",
  `${route("path: /", "rateLimit: { shared: true }")}\nredis: { url: "http://127.0.0.1" }`,
  [
    "gateway.yaml:7:15: redis.url: 'http://127.0.0.1' does not begin with redis:// or rediss://; expected a URL such as redis://10.0.0.7:6379",
  ],
);
finds("how a quota fails that is not shared", route("path: /", "rateLimit: { failMode: closed }"), [
  "gateway.yaml:6:28: routes[0].rateLimit.failMode: has no effect without `shared: true`",
]);
finds("a store that no route uses", `${sound}redis: { url: "redis://127.0.0.1:6379/1" }`, [
  "gateway.yaml:3:8: warning: redis: is used by no route",
]);
finds(
  "a store's credentials are not repeated",
  `${route("path: /", "rateLimit: { shared: true }")}\nredis: { url: "redis://user:secret@127.0.0.1/database" }`,
  [
    "gateway.yaml:7:15: redis.url: 'redis://…@127.0.0.1/database' has a path that is no database number; expected a URL such as redis://10.0.0.7:6379",
  ],
);

finds(
  "finds a fallback's type without a body, and a condition that is no pointer",
  route(
    "path: /",
    "upstreamErrors:",
    "  fallback: { contentType: text/html }",
    "  translate: [{ when: { status: 500, body: { code: 1 } }, status: 404 }]",
  ),
  [
    "gateway.yaml:7:32: warning: routes[0].upstreamErrors.fallback.contentType: has no effect without a body",
    "gateway.yaml:8:50: routes[0].upstreamErrors.translate[0].when.body.code: 'code' is not allowed here; expected a JSON pointer such as /error/code (RFC 6901)",
  ],
);
