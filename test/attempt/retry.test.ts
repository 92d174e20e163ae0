import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { RetryConfig } from "../../gateway/config/schema.ts";
import type { UpstreamAnswer } from "../../gateway/exchange/exchange.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";

import { backoffMs } from "../../gateway/attempt/backoff.ts";
import {
  callsForRetry,
  compileRetry,
  pauseBeforeRetry,
  retryAfterMs,
  retryKinds,
} from "../../gateway/attempt/retry.ts";
import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { failureTable } from "../../gateway/failures/table.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

const standard: RetryConfig = {
  attempts: 2,
  on: ["refused", "reset", "timeout", 503],
  backoff: { base: 25, max: 1000 },
  idempotencyKey: false,
};

function ruleOf(parts: Partial<RetryConfig> = {}, random = () => 0.5) {
  return compileRetry({ ...standard, ...parts }, random);
}

function answer(status: number, headers: readonly string[] = []): UpstreamAnswer {
  return { status, headers, proxyStatus: undefined, flow() {}, resume() {} };
}

describe("the words of retry.on", () => {
  test("stand for every row that may be repeated, each once, and for no other", () => {
    const permitted = failureCodes.filter((code) =>
      ["unsent", "elsewhere", "idempotent"].includes(failureTable[code].retry),
    );
    assert.deepEqual(Object.values(retryKinds).flat().toSorted(), permitted.toSorted());
  });

  test("narrow what is repeated", () => {
    const rule = ruleOf({ on: ["timeout", 429] });
    const asks = (code: FailureCode): boolean => callsForRetry(new Failure(code), exchangeUnderTest(), rule);
    assert.deepEqual(failureCodes.filter(asks).toSorted(), [...retryKinds.timeout].toSorted());
    for (const [status, isRetried] of [
      [200, false],
      [429, true],
      [503, false],
    ] as const) {
      assert.equal(callsForRetry(answer(status), exchangeUnderTest(), rule), isRetried);
    }
  });

  test("never mean a refusal of the gateway's own", () => {
    const rule = ruleOf({ on: ["refused", "reset", "timeout", 429, 503, 504] });
    for (const code of failureCodes) {
      if (failureTable[code].retry !== "never") continue;
      assert.equal(callsForRetry(new Failure(code), exchangeUnderTest(), rule), false, code);
    }
  });

  test("mean nothing for a WebSocket handshake, nor once the exchange is cancelled", () => {
    const upgrade = exchangeUnderTest();
    upgrade.isUpgrade = true;
    const cancelled = exchangeUnderTest();
    cancelled.cancel(new Failure("client_closed"));
    for (const exchange of [upgrade, cancelled]) {
      assert.equal(callsForRetry(new Failure("upstream_refused"), exchange, ruleOf()), false);
    }
  });
});

describe("the pause before another attempt", () => {
  test("is drawn below a bound that doubles, up to the last", () => {
    const bounds = { baseMs: 25, maxMs: 150 };
    const most = (made: number): number => backoffMs(made, bounds, () => 1);
    assert.deepEqual([1, 2, 3, 4, 60].map(most), [25, 50, 100, 150, 150]);
    assert.equal(
      backoffMs(1, bounds, () => 0),
      0,
    );
  });

  test("is no shorter than the upstream asks for", () => {
    const rule = ruleOf({}, () => 0.5);
    assert.equal(pauseBeforeRetry(answer(503), 1, rule), 12.5);
    assert.equal(pauseBeforeRetry(answer(503, ["retry-after", "2"]), 1, rule), 2000);
    assert.equal(pauseBeforeRetry(answer(503, ["retry-after", "0"]), 1, rule), 12.5);
    assert.equal(pauseBeforeRetry(new Failure("upstream_reset"), 1, rule), 12.5);
  });

  test("goes by a date as the upstream's own clock has it", () => {
    const until = ["retry-after", "Fri, 07 Nov 2025 10:00:30 GMT"];
    assert.equal(retryAfterMs([...until, "date", "Fri, 07 Nov 2025 10:00:00 GMT"]), 30_000);
    assert.equal(retryAfterMs([...until, "date", "Fri, 07 Nov 2025 10:01:00 GMT"]), 0);
    assert.equal(retryAfterMs(until), Infinity, "nobody knows how long that is");
  });

  test("does not mind a Retry-After that says nothing", () => {
    for (const value of ["", "soon", "-1", "1.5", "5s"]) assert.equal(retryAfterMs(["retry-after", value]), 0, value);
    assert.equal(retryAfterMs(["x", "retry-after"]), 0);
  });
});
