import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as fc from "fast-check";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { refusalKeys, refusalLine } from "../../gateway/observe/failure-log.ts";
import { createObserver } from "../../gateway/observe/observer.ts";
import { outcomeOf } from "../../gateway/observe/outcome.ts";
import { endedExchange, memoryDestination } from "./exchanges.ts";

function linesOf(redact: readonly string[], failure: Failure, facts: Parameters<typeof endedExchange>[0] = {}) {
  const destination = memoryDestination();
  const observer = createObserver({
    config: { level: "info", access: false, redact: [...redact], shedsPerSecond: 10 },
    routes: ["create-order"],
    views: () => [],
    connections: () => ({ open: 0, dropped: 0, reclaimed: 0, responseBytes: 0, requestBytes: 0, pipelinedBytes: 0 }),
    destination,
  });
  observer.finish(endedExchange({ attempts: [], ...facts, failure }));
  return destination.records().map(({ time, ...record }) => {
    assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
    return record;
  });
}

const codes = fc.constantFrom(...failureCodes.filter((code) => code !== "internal"));
const text = fc.string({ unit: "binary" });
const errors = fc.array(fc.record({ pointer: text, keyword: fc.string(), detail: text }, { noNullPrototype: true }));

describe("the line of a refusal", () => {
  it("is the record that the log would write, member for member", () => {
    // To redact one of its names sends it the long way; the time is not the record's.
    fc.assert(
      fc.property(codes, fc.option(errors, { nil: undefined }), (code, found) => {
        const failure = new Failure(code, found === undefined ? {} : { errors: found });
        const [short] = linesOf([], failure);
        const [long] = linesOf(["TIME"], failure);
        assert.deepEqual(Object.entries(short ?? {}), Object.entries(long ?? {}));
      }),
    );
  });

  it("is ASCII, whatever a client named its members", () => {
    fc.assert(
      fc.property(errors, (found) => {
        const exchange = endedExchange({ attempts: [] });
        const failure = new Failure("invalid_body", { errors: found });
        const line = refusalLine(exchange, failure, { outcome: outcomeOf(exchange), durationMs: 1, omitted: 3 }) ?? "";
        assert.match(line, /^[\x20-\x7e]*\n$/);
        const record = JSON.parse(line) as Record<string, unknown>;
        assert.deepEqual([record["errors"], record["omitted"]], [found, 3]);
      }),
    );
  });

  it("passes the redaction where that names one of its members", () => {
    const failure = new Failure("invalid_body", {
      errors: [{ pointer: "#/a", keyword: "type", detail: "is no number" }],
    });
    const told = (redact: string) => linesOf([redact], failure)[0]?.["errors"];
    assert.deepEqual(told("Pointer"), [{ pointer: "[Redacted]", keyword: "type", detail: "is no number" }]);
    assert.equal(told("errors"), "[Redacted]");
    assert.deepEqual(told("x-secret"), [{ pointer: "#/a", keyword: "type", detail: "is no number" }]);
  });

  it("names every member that it has", () => {
    const failure = new Failure("invalid_query", {
      errors: [{ parameter: "a", keyword: "type", detail: "is no number" }],
    });
    const [record] = linesOf([], failure);
    const names = [...Object.keys(record ?? {}), "parameter", "keyword", "detail"];
    assert.deepEqual(
      names.filter((name) => !refusalKeys.includes(name)),
      [],
    );
  });

  it("is left to the log where there is more to tell", () => {
    const line = (failure: Failure, facts: Parameters<typeof endedExchange>[0] = { attempts: [] }) => {
      const exchange = endedExchange(facts);
      return refusalLine(exchange, failure, { outcome: outcomeOf(exchange), durationMs: 1, omitted: 0 });
    };
    assert.equal(line(new Failure("malformed_body", { cause: new Error("x") })), undefined);
    assert.equal(line(new Failure("malformed_body", { detail: "byte 3" })), undefined);
    assert.equal(line(new Failure("internal")), undefined);
    assert.equal(line(new Failure("upstream_refused"), { attempts: [{}] }), undefined);
    assert.ok(line(new Failure("maintenance")));
  });
});
