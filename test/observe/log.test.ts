import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Log, logLevels } from "../../gateway/observe/log.ts";
import { memoryDestination } from "./exchanges.ts";

const config = { level: "info", access: true, redact: [], shedsPerSecond: 10 } as const;

describe("the log", () => {
  it("writes one JSON object a line, with an ISO time and the level's name", () => {
    const destination = memoryDestination();
    new Log(config, destination).events.warn({ event: "breaker", upstream: "orders\n" });
    const [record] = destination.records();
    assert.equal(record?.["level"], "warn");
    assert.match(String(record?.["time"]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(Object.keys(record ?? {}), ["level", "time", "event", "upstream"]);
    assert.equal(destination.text[0]?.split("\n").length, 2);
  });

  it("knows the levels least severe first", () => {
    assert.deepEqual(logLevels, ["trace", "debug", "info", "warn", "error", "fatal"]);
  });

  it("follows its level at run time", () => {
    const destination = memoryDestination();
    const log = new Log(config, destination);
    log.events.debug({ event: "before" });
    log.level = "debug";
    log.events.debug({ event: "after" });
    assert.deepEqual(
      destination.records().map((record) => record["event"]),
      ["after"],
    );
  });

  it("tells where it listens whatever the level", () => {
    const destination = memoryDestination();
    new Log({ ...config, level: "fatal" }, destination).listening({ host: "127.0.0.1", port: 8080, adminPort: 9090 });
    const { time, ...record } = destination.records()[0] ?? {};
    assert.ok(typeof time === "string");
    assert.deepEqual(record, { level: "info", event: "listening", host: "127.0.0.1", port: 8080, adminPort: 9090 });
  });

  it("redacts the configured names too", () => {
    const destination = memoryDestination();
    const log = new Log({ ...config, redact: ["x-api-key"] }, destination);
    log.events.info({ Cookie: "hunter2", headers: { "X-Api-Key": "hunter2" } });
    assert.ok(!destination.text.join("").includes("hunter2"));
    assert.equal(destination.text.length, 1);
  });

  it("logs an error with its causes and its stack", () => {
    const destination = memoryDestination();
    new Log(config, destination).events.error(new Error("outer", { cause: new TypeError("inner") }));
    const { err } = destination.records()[0] as { err: { causes: unknown; stack: string } };
    assert.deepEqual(err.causes, [
      { name: "Error", message: "outer" },
      { name: "TypeError", message: "inner" },
    ]);
    assert.match(err.stack, /log\.test\.ts/);
  });

  it("takes over a reloaded config, but keeps a level set by hand while the file's stays the same", () => {
    const destination = memoryDestination();
    const log = new Log(config, destination);
    log.level = "debug";
    log.reconfigure({ ...config, access: false, redact: ["pin"] });
    assert.equal(log.level, "debug");
    assert.equal(log.writesAccess, false);
    log.events.info({ pin: "1234" });
    assert.ok(!destination.text.join("").includes("1234"));
    log.reconfigure({ ...config, level: "error" });
    assert.equal(log.level, "error");
  });
});
