import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { Failure } from "../../gateway/failures/failure.ts";
import { causeChain } from "../../gateway/observe/cause.ts";
import { failureLevel, failureRecord } from "../../gateway/observe/failure-log.ts";
import { outcomeOf } from "../../gateway/observe/outcome.ts";
import { endedExchange } from "./exchanges.ts";

function recordOf(failure: Failure, facts: Parameters<typeof endedExchange>[0] = {}): Record<string, unknown> {
  const exchange = endedExchange({ ...facts, failure });
  return failureRecord(exchange, failure, { outcome: outcomeOf(exchange), durationMs: 1, omitted: 0 });
}

describe("the failure line", () => {
  it("is as loud as its cause: a client's info, an upstream's and the gateway's warn, a bug error", () => {
    assert.equal(failureLevel(new Failure("invalid_body")), "info");
    assert.equal(failureLevel(new Failure("client_closed")), "info");
    assert.equal(failureLevel(new Failure("upstream_refused")), "warn");
    assert.equal(failureLevel(new Failure("circuit_open")), "warn");
    assert.equal(failureLevel(new Failure("internal")), "error");
  });

  it("holds what finds the cause: code, phase, chain, ids, target and what each attempt did", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" });
    const record = recordOf(new Failure("upstream_refused", { cause }), {
      attempts: [{ phase: "connect", sent: false, connectMs: Number.NaN, outcome: "upstream_refused" }],
    });
    const { attempts, ...rest } = record;
    assert.deepEqual(rest, {
      event: "failure",
      code: "upstream_refused",
      phase: "connect",
      cause: [{ name: "Error", code: "ECONNREFUSED", message: "connect ECONNREFUSED", syscall: "connect" }],
      requestId: "request-1",
      traceId: "ab".repeat(16),
      route: "create-order",
      upstream: "orders",
      target: "127.0.0.1:9001",
      status: 502,
      source: "upstream",
    });
    const [attempt] = attempts as Record<string, unknown>[];
    assert.deepEqual(
      [attempt?.["outcome"], attempt?.["sent"], attempt?.["connectMs"]],
      ["upstream_refused", false, null],
    );
  });

  it("shows the stack of a bug, and of nothing else", () => {
    assert.match(
      String(recordOf(new Failure("internal", { cause: new TypeError("x is undefined") }))["stack"]),
      /x is/,
    );
    assert.match(String(recordOf(new Failure("internal"))["stack"]), /failure-log\.test/);
    assert.ok(!("stack" in recordOf(new Failure("upstream_reset", { cause: new Error("reset") }))));
  });

  it("lists the findings of a validation", () => {
    const errors = [{ pointer: "#/sku", keyword: "required", detail: "is missing" }];
    assert.deepEqual(recordOf(new Failure("invalid_body", { errors }))["errors"], errors);
  });

  it("names the exchange's own phase where no upstream is to blame", () => {
    assert.equal(recordOf(new Failure("queue_timeout"), { attempts: [] })["phase"], "accept");
  });

  it("lists the last ten attempts at most", () => {
    const attempts = Array.from({ length: 30 }, () => ({}));
    assert.equal((recordOf(new Failure("upstream_reset"), { attempts })["attempts"] as unknown[]).length, 10);
  });
});

describe("a cause chain", () => {
  it("goes five causes deep and ends on a cycle", () => {
    const error = new Error("itself");
    error.cause = error;
    assert.equal(causeChain(error).length, 5);
  });

  it("tells what each address answered, without following aggregates of aggregates", () => {
    const aggregate = new AggregateError([new Error("v4"), new Error("v6")], "");
    aggregate.errors.push(aggregate);
    const [record] = causeChain(Object.assign(aggregate, { code: "ECONNREFUSED" }));
    assert.equal(record?.code, "ECONNREFUSED");
    assert.deepEqual(
      record?.errors?.map((error) => error.message),
      ["v4", "v6", undefined],
    );
  });

  it("is bounded in what a message may say, and takes anything that was thrown", () => {
    assert.equal(causeChain(new Error("x".repeat(10_000)))[0]?.message?.length, 513);
    assert.deepEqual(causeChain("a string"), [{ name: "string", message: "a string" }]);
    assert.deepEqual(causeChain({ authorization: "hunter2" }), [{ name: "object" }]);
    assert.deepEqual(causeChain(undefined), []);
    assert.deepEqual(causeChain(Object.assign(new Error("odd"), { name: 7 }))[0]?.name, "7");
  });
});
