import assert from "node:assert/strict";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

import type { Observer } from "../../gateway/observe/observer.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { asyncDestination } from "../../gateway/observe/destination.ts";
import { createObserver } from "../../gateway/observe/observer.ts";
import { endedExchange, memoryDestination } from "./exchanges.ts";
import { until } from "../support/until.ts";

const config = { level: "info", access: true, redact: [], shedsPerSecond: 10 } as const;

function observed(overrides: Partial<Parameters<typeof createObserver>[0]["config"]> = {}): {
  observer: Observer;
  destination: ReturnType<typeof memoryDestination>;
} {
  const destination = memoryDestination();
  const observer = createObserver({
    config: { ...config, ...overrides },
    routes: ["create-order"],
    views: () => [],
    connections: () => ({ open: 0, dropped: 0, reclaimed: 0, responseBytes: 0, requestBytes: 0, pipelinedBytes: 0 }),
    destination,
  });
  return { observer, destination };
}

function eventsOf(destination: ReturnType<typeof memoryDestination>): unknown[] {
  return destination.records().map((record) => record["event"]);
}

describe("the end of an exchange", () => {
  it("is one access line, and a failure line where it failed", () => {
    const { observer, destination } = observed();
    observer.finish(endedExchange({ durationMs: 42 }));
    observer.finish(endedExchange({ failure: new Failure("upstream_refused") }));
    assert.deepEqual(eventsOf(destination), ["request", "failure", "request"]);
    const [served, failure, access] = destination.records();
    assert.equal(served?.["durationMs"], 42);
    assert.equal(failure?.["level"], "warn");
    assert.equal(failure?.["requestId"], access?.["requestId"]);
    assert.deepEqual([access?.["status"], access?.["code"]], [502, "upstream_refused"]);
  });

  it("has no access line where the config or the level says so, and is counted all the same", async () => {
    const quiet = [observed({ access: false }), observed({ level: "warn" })];
    for (const { observer, destination } of quiet) {
      observer.finish(endedExchange());
      observer.finish(endedExchange({ failure: new Failure("no_route") }));
      observer.finish(endedExchange({ failure: new Failure("internal") }));
      assert.ok(!eventsOf(destination).includes("request"));
      assert.equal(destination.records().at(-1)?.["level"], "error");
      assert.match(await observer.metrics(), /code="no_route"} 1/);
    }
    assert.deepEqual(eventsOf(quiet[1]?.destination ?? memoryDestination()), ["failure"]);
  });

  it("follows the level at run time", () => {
    const { observer, destination } = observed();
    observer.setLevel("error");
    assert.equal(observer.level, "error");
    observer.finish(endedExchange());
    observer.setLevel("info");
    observer.finish(endedExchange());
    assert.equal(destination.text.length, 1);
  });
});

describe("an observer", () => {
  it("tells where the gateway listens, and has all its lines written when it is closed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "statuswise-observer-"));
    const path = join(folder, "log");
    const observer = createObserver({
      config: { ...config, level: "fatal" },
      routes: [],
      views: () => [],
      connections: () => ({ open: 0, dropped: 0, reclaimed: 0, responseBytes: 0, requestBytes: 0, pipelinedBytes: 0 }),
      destination: asyncDestination(openSync(path, "w")),
    });
    observer.listening({ host: "127.0.0.1", port: 8080, adminPort: 9090 });
    await until(() => readFileSync(path, "utf8").includes('"event":"listening"'));
    observer.setLevel("info");
    observer.finish(endedExchange());
    await observer.close();
    assert.match(readFileSync(path, "utf8"), /"event":"request".*\n$/);
    rmSync(folder, { recursive: true });
  });

  it("takes over a reloaded config in log and metrics alike", async () => {
    const { observer, destination } = observed();
    observer.reconfigure({ ...config, access: false, redact: ["pin"] }, ["new"]);
    observer.finish(endedExchange({ route: "new" }));
    observer.log.info({ event: "drain", pin: "1234" });
    assert.deepEqual(eventsOf(destination), ["drain"]);
    assert.ok(!destination.text.join("").includes("1234"));
    assert.match(await observer.metrics(), /requests_total{route="new"/);
  });
});

describe("an event", () => {
  it("is logged as loud as it is: a breaker that opens warns, a bad certificate is an error", () => {
    const { observer, destination } = observed();
    const at = { upstream: "orders", target: "127.0.0.1:9001", reason: "error rate" } as const;
    observer.report({ event: "breaker", ...at, from: "closed", to: "open", openMs: 5000 });
    observer.report({ event: "breaker", ...at, from: "half-open", to: "closed" });
    observer.report({ event: "certificate", outcome: "failure", file: "cert.pem", reason: "cannot be read" });
    observer.report({ event: "reload", outcome: "success", findings: 0 });
    observer.report({ event: "reload", outcome: "failure", findings: 3 });
    assert.deepEqual(
      destination.records().map((record) => record["level"]),
      ["warn", "info", "error", "info", "error"],
    );
    assert.equal(destination.records()[0]?.["openMs"], 5000);
  });

  it("of the quota store moves a gauge, which there is not without one", async () => {
    const { observer, destination } = observed();
    assert.doesNotMatch(await observer.metrics(), /quota_store/);
    observer.report({ event: "quota_store", state: "down", reason: "connection closed" });
    assert.match(await observer.metrics(), /^statuswise_quota_store_up 0$/m);
    observer.report({ event: "quota_store", state: "up" });
    assert.match(await observer.metrics(), /^statuswise_quota_store_up 1$/m);
    assert.deepEqual(
      destination.records().map((record) => record["level"]),
      ["warn", "info"],
    );
  });

  it("of a reload is counted", async () => {
    const { observer } = observed();
    observer.report({ event: "reload", outcome: "failure", findings: 3 });
    assert.match(await observer.metrics(), /statuswise_config_reload_total{outcome="failure"} 1/);
  });
});
