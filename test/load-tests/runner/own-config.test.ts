import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { UsageFault } from "../../../load-tests/runner/arguments.ts";
import { readCommandLine } from "../../../load-tests/runner/command-line.ts";
import { ownTrial, simulated } from "../../../load-tests/runner/own-config.ts";
import { drivenRoute } from "../../../load-tests/runner/own-routes.ts";

const routes = [
  { id: "create", path: "/orders", methods: ["POST"], upstream: "orders", request: { body: { required: true } } },
  { id: "search", path: "/orders", methods: ["GET"], upstream: "orders", request: { query: { schema: "q.json" } } },
  { id: "one", path: "/orders/{id}", methods: ["GET"], upstream: "orders", hosts: ["*.example.com"] },
  { id: "files", path: "/files/*", upstream: "files" },
];
const nothing = { path: undefined, method: undefined, hasBody: false };

describe("the route that is driven", () => {
  test("is the first one that a GET without a body may be sent to", () => {
    assert.deepEqual(drivenRoute(routes, nothing), {
      id: "one",
      method: "GET",
      path: "/orders/1",
      upstream: "orders",
      host: "any.example.com",
    });
  });

  test("is the one that --path and --method fit", () => {
    const { id, method } = drivenRoute(routes, { path: "/orders", method: undefined, hasBody: true });
    assert.deepEqual([id, method], ["create", "POST"]);
    assert.equal(drivenRoute(routes, { ...nothing, path: "/orders?limit=5" }).id, "search");
    assert.equal(drivenRoute(routes, { ...nothing, path: "/files/a/b", method: "PUT" }).upstream, "files");
    assert.equal(drivenRoute(routes, { ...nothing, path: "/elsewhere" }).id, undefined);
  });

  test("has to be said where none can be driven as it is", () => {
    const told =
      /no route can be asked without a body; say .*Without a body: none\. Only with --path: create, search\./;
    assert.throws(
      () => drivenRoute(routes.slice(0, 2), nothing),
      (error) => error instanceof UsageFault && told.test(error.message),
    );
    assert.throws(() => drivenRoute(routes, { ...nothing, hasBody: true }), /need a --path/);
  });
});

describe("the operator's config", () => {
  const config = {
    name: "shop",
    listen: { host: "0.0.0.0", port: 443, keepAlive: "75s", tls: { cert: "a.pem", key: "b.pem" } },
    redis: { url: "redis://store" },
    schemas: ["shared.json"],
    upstreams: {
      files: { targets: ["http://files.internal"], concurrency: { limit: 8 } },
      orders: { targets: ["https://a", "https://b"], tls: { ca: "ca.pem" }, health: { path: "/up" } },
    },
    routes: [
      { id: "search", path: "/orders", upstream: "orders", request: { query: { schema: "q.json" } } },
      { id: "one", path: "/one", upstream: "orders", rateLimit: { requests: 5, shared: true } },
    ],
  };
  const driven = { id: "one", method: "GET", path: "/one", upstream: "orders", host: undefined };

  test("keeps its limits, and reaches nothing beyond this machine", () => {
    assert.deepEqual(simulated(config, { driven, base: "/etc/shop" }), {
      name: "shop",
      listen: { host: "127.0.0.1", port: 0, keepAlive: "75s" },
      admin: { host: "127.0.0.1", port: 0 },
      schemas: ["/etc/shop/shared.json"],
      upstreams: {
        orders: { targets: ["${UPSTREAM_1}"] },
        files: { targets: ["${UPSTREAM_2}"], concurrency: { limit: 8 } },
      },
      routes: [
        { id: "search", path: "/orders", upstream: "orders", request: { query: { schema: "/etc/shop/q.json" } } },
        { id: "one", path: "/one", upstream: "orders", rateLimit: { requests: 5 } },
      ],
    });
  });

  test("has the driven upstream first: that is the one whose limit is drawn", () => {
    const { upstreams } = simulated(config, { driven, base: "/" }) as { upstreams: object };
    assert.deepEqual(Object.keys(upstreams), ["orders", "files"]);
  });

  test("is read as YAML, and swept with the services and the time that were asked for", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "load-test-config-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, "upstreams: { a: { targets: [http://a] } }\nroutes:\n  - { id: all, path: /*, upstream: a }\n");
    const order = readCommandLine(["--config", file, "--slots", "4", "--mean", "200", "--seconds", "3"]);
    assert.ok(order !== undefined);
    const { trial, remarks } = ownTrial(order, file);
    assert.deepEqual(trial.scenario.services, [{ slots: 4, meanMs: 200 }]);
    assert.deepEqual(
      [
        ...new Set(
          trial.scenario
            .phases(true)
            .slice(1)
            .map(({ seconds }) => seconds),
        ),
      ],
      [3],
    );
    assert.equal(trial.scenario.classes[0]?.deadlineMs, 2000);
    assert.match(remarks[0] ?? "", /asks GET \/1 \(route all, upstream a\)/);
    assert.throws(() => ownTrial(order, join(folder, "none.yaml")), /cannot be read \(ENOENT\)/);
    writeFileSync(file, "upstreams: { a: { targets: [http://a] } }\nroutes:\n  - { id: all, pth: /*, upstream: a }\n");
    assert.throws(
      () => ownTrial(order, file),
      (error) => error instanceof UsageFault && error.message.includes(`${file}:3`) && /pth/.test(error.message),
    );
  });
});
