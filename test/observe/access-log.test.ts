import assert from "node:assert/strict";
import { describe, it } from "node:test";

import * as fc from "fast-check";

import { accessLine } from "../../gateway/observe/access-log.ts";
import { outcomeOf } from "../../gateway/observe/outcome.ts";
import { endedExchange } from "./exchanges.ts";

const fields =
  "time level event requestId traceId route upstream target method path status code source bytesIn bytesOut " +
  "durationMs queueMs connectMs firstByteMs attempts retries breaker";

function lineOf(exchange: ReturnType<typeof endedExchange>, durationMs = 12.5, omitted = 0): string {
  return accessLine(exchange, { outcome: outcomeOf(exchange), durationMs, omitted });
}

function recordOf(...given: Parameters<typeof lineOf>): Record<string, unknown> {
  return JSON.parse(lineOf(...given)) as Record<string, unknown>;
}

describe("the access line", () => {
  it("has exactly the contract's fields, in their order", () => {
    const exchange = endedExchange();
    assert.equal(Object.keys(recordOf(exchange)).join(" "), fields);
    assert.equal(Object.keys(recordOf(endedExchange({ route: undefined, attempts: [] }))).join(" "), fields);
  });

  it("tells of the lines that were left out before it, and of none where there are none", () => {
    assert.equal(recordOf(endedExchange(), 1, 12)["omitted"], 12);
    assert.ok(!("omitted" in recordOf(endedExchange())));
  });

  it("tells what happened", () => {
    const exchange = endedExchange({ attempts: [{ target: "a:1", outcome: "upstream_refused" }, { target: "b:2" }] });
    exchange.bytesIn = 600;
    exchange.bytesOut = 1200;
    exchange.queueMs = 1.23456;
    const { time, requestId, traceId, ...record } = recordOf(exchange);
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual([requestId, traceId], [exchange.id, exchange.trace.traceId]);
    assert.deepEqual(record, {
      level: "info",
      event: "request",
      route: "create-order",
      upstream: "orders",
      target: "b:2",
      method: "POST",
      path: "/orders",
      status: 200,
      code: "",
      source: "upstream",
      bytesIn: 600,
      bytesOut: 1200,
      durationMs: 12.5,
      queueMs: 1.235,
      connectMs: 0.25,
      firstByteMs: 8,
      attempts: 2,
      retries: null,
      breaker: "closed",
    });
  });

  it("says null where a thing never came to be", () => {
    const record = recordOf(endedExchange({ route: undefined, attempts: [] }));
    for (const field of ["route", "upstream", "target", "connectMs", "firstByteMs", "breaker"]) {
      assert.equal(record[field], null, field);
    }
    for (const never of [Number.NaN, -1, Infinity]) {
      const attempts = [{ connectMs: never, firstByteMs: never }];
      assert.equal(recordOf(endedExchange({ attempts }))["firstByteMs"], null);
    }
  });

  it("leaves the query out, which is where secrets are", () => {
    assert.ok(!lineOf(endedExchange()).includes("secret"));
  });

  it("cuts a long path at 1,024 characters and marks the cut", () => {
    const record = recordOf(endedExchange({ inbound: { path: `/${"a".repeat(8000)}` } }));
    assert.equal(record["path"], `/${"a".repeat(1023)}…`);
  });

  it("is one line of JSON under any path, id, target and method", () => {
    const hostile = fc.string({ unit: "binary", maxLength: 200 });
    fc.assert(
      fc.property(hostile, hostile, hostile, (path, id, target) => {
        const line = lineOf(endedExchange({ id, traceId: id, inbound: { path, method: id }, attempts: [{ target }] }));
        assert.equal(line.indexOf("\n"), line.length - 1);
        const record = JSON.parse(line) as Record<string, unknown>;
        assert.deepEqual([record["path"], record["requestId"], record["target"]], [path, id, target]);
        assert.equal(Object.keys(record).join(" "), fields);
      }),
      { verbose: 1 },
    );
  });

  it("keeps durations to three decimals and valid JSON", () => {
    fc.assert(
      fc.property(fc.double(), (duration) => {
        const { durationMs } = recordOf(endedExchange(), duration);
        const isMeasure = duration >= 0 && duration <= Number.MAX_SAFE_INTEGER;
        assert.equal(durationMs, isMeasure ? Math.round(Math.abs(duration) * 1000) / 1000 : null);
      }),
      { verbose: 1 },
    );
  });
});
