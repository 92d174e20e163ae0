import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { FieldPair } from "../support/exchange-under-test.ts";

import { beginBudget, deadlineField, patienceMs } from "../../gateway/attempt/deadline.ts";
import { deadlineFields } from "../../gateway/config/schema/listen.ts";
import { exchangeUnderTest, receivedFields } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { freshSeed } from "../support/seeded.ts";

function budgetOf(fields: readonly FieldPair[], isTrusted = true, maxDuration?: number) {
  const exchange = exchangeUnderTest({ clock: new FakeClock(1000), fields, inbound: { isTrusted } });
  beginBudget(exchange, { timeout: 15_000, maxDuration }, deadlineFields);
  return { budgetMs: exchange.timer.deadlineAt - 1000, isHurried: exchange.isHurried };
}

describe("a client's deadline", () => {
  const readings: ReadonlyArray<readonly [string, string, number]> = [
    ["grpc-timeout", "1H", 3_600_000],
    ["grpc-timeout", "2M", 120_000],
    ["grpc-timeout", "3S", 3000],
    ["grpc-timeout", "250m", 250],
    ["grpc-timeout", "500000u", 500],
    ["grpc-timeout", "99999999n", 99.999_999],
    ["x-envoy-expected-rq-timeout-ms", "1500", 1500],
    ["request-timeout", "2", 2000],
    ["request-timeout", "0.25", 250],
  ];
  for (const [name, value, ms] of readings) {
    test(`of ${name}: ${value} is ${ms} ms`, () => {
      assert.equal(patienceMs(receivedFields([name, value]), deadlineFields), ms);
    });
  }

  test("is none where the field says no positive span of time", () => {
    const wrong = ["", "0", "-1", "1e3", "5s", "1 S", "123456789S", "0m", "1,2", "abc", "²"];
    for (const field of deadlineFields) {
      for (const value of wrong)
        assert.equal(patienceMs(receivedFields([field, value]), [field]), Infinity, `${field}: ${value}`);
    }
  });

  test("is the least of those believed, and of no other field", () => {
    const fields = receivedFields(["grpc-timeout", "1S"], ["request-timeout", "3"]);
    assert.equal(patienceMs(fields, deadlineFields), 1000);
    assert.equal(patienceMs(fields, ["request-timeout"]), 3000);
    assert.equal(patienceMs(fields, []), Infinity);
  });

  test("is the budget where it is shorter than the route's", () => {
    assert.deepEqual(budgetOf([["request-timeout", "2"]]), { budgetMs: 2000, isHurried: true });
    assert.deepEqual(budgetOf([["request-timeout", "20"]]), { budgetMs: 15_000, isHurried: false });
    assert.deepEqual(budgetOf([]), { budgetMs: 15_000, isHurried: false });
    assert.deepEqual(budgetOf([["request-timeout", "2"]], true, 1000), { budgetMs: 1000, isHurried: true });
  });

  test("is believed of trusted peers alone", () => {
    assert.deepEqual(budgetOf([["request-timeout", "2"]], false), { budgetMs: 15_000, isHurried: false });
  });
});

describe("the deadline that an upstream is told", () => {
  function told(leftMs: number, field: (typeof deadlineFields)[number]): string | undefined {
    const exchange = exchangeUnderTest({ clock: new FakeClock(1000) });
    exchange.timer.setDeadline(1000 + leftMs);
    return deadlineField(exchange, field)?.[1];
  }

  test("is what is left, in the field's own unit", () => {
    assert.deepEqual(
      deadlineFields.map((field) => told(1234.9, field)),
      ["1234m", "1234", "1.234"],
    );
  });

  test("is never nought, however late it is", () => {
    assert.equal(told(-5, "x-envoy-expected-rq-timeout-ms"), "1");
  });

  test("reads back as it was written, up to a day", (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    fc.assert(
      fc.property(fc.constantFrom(...deadlineFields), fc.integer({ min: 1, max: 86_400_000 }), (field, ms) => {
        assert.equal(patienceMs(receivedFields([field, told(ms, field) ?? ""]), [field]), ms);
      }),
      { seed },
    );
  });

  test("is nothing where no field is named", () => {
    assert.equal(deadlineField(exchangeUnderTest(), undefined), undefined);
  });
});
