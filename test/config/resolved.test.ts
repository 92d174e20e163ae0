import assert from "node:assert/strict";
import { test } from "node:test";

import type { Draft } from "../../gateway/config/draft.ts";
import type { RouteConfig, UpstreamConfig } from "../../gateway/config/schema.ts";

import { complete } from "../../gateway/config/draft.ts";
import { configOf, loadText, sound, soundUpstreams } from "./load-text.ts";

function firstRoute(text: string): RouteConfig {
  const [route] = configOf(text, { files: { "s.json": "{}" } }).routes;
  assert.ok(route);
  return route;
}

function orders(text: string): UpstreamConfig {
  const upstream = configOf(text).upstreams["orders"];
  assert.ok(upstream);
  return upstream;
}

test("the defaults are the contract's", () => {
  assert.deepEqual(configOf(sound), {
    name: "test-host",
    workers: 1,
    listen: {
      host: "127.0.0.1",
      port: 8080,
      headersTimeout: 10_000,
      writeIdle: 30_000,
      minBodyRate: 512,
      bodyGrace: 10_000,
      keepAlive: 75_000,
      maxConnections: 10_000,
      maxConnectionsPerAddress: undefined,
      maxRequestsPerSocket: 100_000,
      halfClose: "serve",
      minReadRate: 0,
      contendedRate: 4096,
      requestBuffer: 64 * 1024,
      responseBuffer: 64 * 1024,
      maxBufferedResponseBytes: 64 * 1024 * 1024,
      maxHeaderSize: 16 * 1024,
      maxTargetLength: 8 * 1024,
      maxBufferedBytes: 256 * 1024 * 1024,
      trustedProxies: [],
      deadlineHeaders: [],
      priorityHeader: undefined,
      tls: undefined,
      drain: { grace: 5000, deadline: 30_000 },
    },
    admin: { host: "127.0.0.1", port: 9090 },
    log: { level: "info", access: true, redact: [], shedsPerSecond: 10 },
    shedding: {
      enabled: true,
      patience: 120,
      hold: 1000,
      maxHold: 16_000,
      loopDelay: { from: 8, to: 16 },
      heap: { from: 0.9, to: 0.98 },
    },
    problems: undefined,
    surroundings: undefined,
    redis: undefined,
    schemas: [],
    upstreams: {
      orders: {
        targets: [{ url: "http://127.0.0.1:9001", weight: 1 }],
        balance: "least-request",
        hashBy: undefined,
        slowStart: 10_000,
        dns: { refresh: 30_000 },
        host: "target",
        timeouts: { connect: 1000, headers: 5000, idle: 15_000, keepAlive: 4000, reportedKeepAlive: 5000 },
        concurrency: { limit: 100, min: 3, max: 1000, slo: 500, queue: { depth: undefined, wait: 100 } },
        websockets: { max: 1000, idle: 300_000 },
        breaker: {
          errorRate: 0.5,
          window: 10_000,
          minimumRequests: 20,
          open: 5000,
          maxOpen: 60_000,
          trials: 1,
          ramp: 4000,
          slowCallDuration: undefined,
          slowCallRate: 0.5,
          statuses: [502, 503, 504],
        },
        retryBudget: { ratio: 0.2, minPerSecond: 3 },
        deadlineHeader: undefined,
        health: undefined,
        maintenance: undefined,
        tls: undefined,
      },
    },
    routes: [
      {
        id: "all",
        hosts: undefined,
        methods: undefined,
        path: "/*",
        encodedSlash: "refuse",
        upstream: "orders",
        weights: undefined,
        timeout: 15_000,
        maxDuration: undefined,
        timeouts: { connect: undefined, headers: undefined, idle: undefined },
        request: {
          body: {
            schema: undefined,
            maxSize: 1024 * 1024,
            contentTypes: [],
            contentEncodings: [],
            maxInflatedSize: 1024 * 1024,
            maxInflateRatio: 100,
            required: false,
          },
          query: undefined,
          headers: undefined,
          path: undefined,
          invalidStatus: 400,
        },
        response: undefined,
        retry: undefined,
        rateLimit: undefined,
        priority: "normal",
        rewrite: undefined,
        headers: { request: { set: {}, remove: [] }, response: { set: {}, remove: [] } },
        websocket: false,
        maintenance: undefined,
        upstreamErrors: {
          conceal: false,
          translate: [],
          maxSize: 64 * 1024,
          fallback: {
            body: undefined,
            contentType: undefined,
            status: 200,
            staleIfError: undefined,
            maxBytes: 16 * 1024 * 1024,
          },
        },
      },
    ],
  });
});

test("a partial block keeps the defaults of the rest", () => {
  const { listen } = configOf(`${sound}listen: { drain: { grace: 1s } }`);
  assert.deepEqual(listen.drain, { grace: 1000, deadline: 30_000 });
  assert.equal(listen.port, 8080);
});

test("an empty block that is off by default switches it on with its defaults", () => {
  const route = firstRoute(`${soundUpstreams}routes: [{ id: a, path: /, upstream: orders, maintenance: {} }]`);
  assert.deepEqual(route.maintenance, { retryAfter: 600_000 });
});

test("a body schema brings application/json with it, unless the types are given", () => {
  const withSchema = (extra: string): RouteConfig =>
    firstRoute(
      `${soundUpstreams}routes: [{ id: a, path: /, upstream: orders, request: { body: { schema: s.json${extra} } } }]`,
    );
  assert.deepEqual(withSchema("").request.body.contentTypes, ["application/json"]);
  assert.deepEqual(withSchema(", contentTypes: [Application/*+JSON]").request.body.contentTypes, [
    "application/*+json",
  ]);
});

test("a bare target stands for one of weight 1, and is labelled by its origin", () => {
  const { targets } = orders(
    'upstreams: { orders: { targets: [HTTP://Api.Example.com:80/, { url: "https://[::1]:8443", weight: 3 }] } }\n' +
      "routes: [{ id: a, path: /, upstream: orders }]",
  );
  assert.deepEqual(targets, [
    { url: "http://api.example.com", weight: 1 },
    { url: "https://[::1]:8443", weight: 3 },
  ]);
});

test("hosts are lower-case when resolved", () => {
  const route = firstRoute(`${soundUpstreams}routes: [{ id: a, path: /, upstream: orders, hosts: [API.Example.com] }]`);
  assert.deepEqual(route.hosts, ["api.example.com"]);
});

test("a number where text is expected is the text as written", () => {
  const route = firstRoute(
    `${soundUpstreams}routes: [{ id: 007, path: /, upstream: orders, headers: { request: { set: { X-Max: 1.50 } } } }]`,
  );
  assert.equal(route.id, "007");
  assert.deepEqual(route.headers.request.set, { "X-Max": "1.50" });
});

test("files are absolute when resolved, and named for whoever watches them", () => {
  const files = { "s.json": "{}", "base.yaml": "$id: x" };
  const result = loadText(`${sound}schemas: [./s.json, base.yaml]`, { files });
  assert.ok("config" in result);
  assert.deepEqual(result.files.slice(1), result.config.schemas);
  assert.ok(result.files.every((file) => /^\/.*\/(gateway\.yaml|s\.json|base\.yaml)$/.test(file)));
});

test("a header may be called __proto__", () => {
  const route = firstRoute(
    `${soundUpstreams}routes: [{ id: a, path: /, upstream: orders, headers: { request: { set: { __proto__: x } } } }]`,
  );
  assert.deepEqual(Object.entries(route.headers.request.set), [["__proto__", "x"]]);
});

test("anchors and aliases save writing things twice", () => {
  const { routes } = configOf(`${soundUpstreams}routes:
  - { id: a, path: /a, upstream: orders, headers: { request: &rules { remove: [X-A] } } }
  - { id: b, path: /b, upstream: orders, headers: { request: *rules } }`);
  assert.deepEqual(routes[0]?.headers.request, routes[1]?.headers.request);
});

test("JSON is read as well as YAML", () => {
  const json = JSON.stringify(configOf(sound).upstreams, null, "\t");
  assert.ok(json.includes('"url"'));
  const text =
    '{\n\t"upstreams": { "orders": { "targets": ["http:\\/\\/127.0.0.1:9001"] } },\n\t"routes": [{ "id": "all", "path": "/*", "upstream": "orders" }]\n}';
  assert.deepEqual(configOf(text, { name: "gateway.json" }), configOf(sound));
});

test("a host name that is no token makes a name that is one", () => {
  assert.equal(complete({} as Draft, "büro pc (2)").name, "b-ro-pc--2-");
  assert.equal(complete({} as Draft, "").name, "statuswise");
});

test("the configuration is frozen, all of it", () => {
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    assert.ok(Object.isFrozen(value), path);
    for (const [name, member] of Object.entries(value)) walk(member, `${path}.${name}`);
  };
  walk(configOf(`${sound}surroundings: { client: { timeout: 90s } }`), "config");
});

test("loading twice gives two configurations that are alike and share nothing", () => {
  const [one, other] = [configOf(sound), configOf(sound)];
  assert.deepEqual(one, other);
  assert.notEqual(one.upstreams["orders"]?.breaker.statuses, other.upstreams["orders"]?.breaker.statuses);
});
