import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";

import { loadConfig } from "../../gateway/config/load.ts";
import { patched, standingConfig, upstreamEnvironment } from "../../load-tests/stage/gateway-config.ts";

const environment = upstreamEnvironment([9001, 9002]);

function load(config: unknown): ReturnType<typeof loadConfig> {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-"));
  try {
    const file = join(folder, "gateway.json");
    writeFileSync(file, JSON.stringify(config));
    return loadConfig(file, { environment, hostName: "host" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the standing config of load tests", () => {
  test("is one the gateway takes, with a route before each service and the knee as limit", () => {
    const result = load(standingConfig(2));
    assert.ok("config" in result, JSON.stringify(result));
    assert.deepEqual(
      result.config.routes.map(({ id, path, upstream }) => [id, path, upstream]),
      [
        ["jobs", "/jobs/*", "service-1"],
        ["other", "/other/*", "service-2"],
      ],
    );
    assert.deepEqual(
      Object.values(result.config.upstreams).map(({ concurrency }) => concurrency.limit),
      ["knee", "knee"],
    );
  });

  test("has no more routes than services", () => {
    const { routes, upstreams } = standingConfig(1) as { routes: unknown[]; upstreams: object };
    assert.deepEqual([routes.length, Object.keys(upstreams)], [1, ["service-1"]]);
  });
});

describe("a patch", () => {
  test("is merged block by block, and leaves what it does not name", () => {
    const config = patched(standingConfig(1), { upstreams: { "service-1": { concurrency: { limit: 32 } } } });
    assert.deepEqual(config["upstreams"], {
      "service-1": { targets: ["${UPSTREAM_1}"], concurrency: { limit: 32 } },
    });
    assert.deepEqual(config["log"], { access: true });
  });

  test("changes routes by their id, and adds those that are new after the others", () => {
    const { routes } = patched(standingConfig(2), {
      routes: [
        { id: "critical", path: "/jobs/critical", upstream: "service-1", priority: "critical" },
        { id: "jobs", timeout: "2s", methods: ["GET"] },
      ],
    });
    assert.deepEqual(routes, [
      { id: "jobs", methods: ["GET"], path: "/jobs/*", upstream: "service-1", timeout: "2s" },
      { id: "other", methods: ["GET", "POST"], path: "/other/*", upstream: "service-2" },
      { id: "critical", path: "/jobs/critical", upstream: "service-1", priority: "critical" },
    ]);
  });

  test("replaces other lists, and takes a key away with null", () => {
    const before = { a: [1, 2], b: { c: 1, d: 2 } };
    assert.deepEqual(patched(before, { a: [3], b: { c: null } }), { a: [3], b: { d: 2 } });
    assert.deepEqual(before, { a: [1, 2], b: { c: 1, d: 2 } }, "the config itself stays as it is");
  });
});
