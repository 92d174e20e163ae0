import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import type { RequestBody } from "../../gateway/exchange/exchange.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { Deed } from "./fake-plan.ts";

import { attempt } from "../../gateway/attempt/attempts.ts";
import { RetryBudget } from "../../gateway/attempt/budget.ts";
import { compileRetry } from "../../gateway/attempt/retry.ts";
import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { freshSeed } from "../support/seeded.ts";
import { FakePlan, FakeTarget, playedOut } from "./fake-plan.ts";

interface End {
  readonly sent: boolean;
  readonly of: FailureCode | number;
}

const end: fc.Arbitrary<End> = fc.record({
  sent: fc.boolean(),
  of: fc.oneof(fc.constantFrom(...failureCodes), fc.constantFrom(200, 404, 429, 500, 503)),
});

const play = fc.record({
  method: fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "POST", "PATCH"),
  body: fc.constantFrom<RequestBody>(
    { kind: "none" },
    { kind: "buffered", bytes: Buffer.from("{}"), isChunked: false },
    { kind: "stream", length: null, begun: Buffer.alloc(0) },
  ),
  hasKey: fc.boolean(),
  attempts: fc.integer({ min: 2, max: 6 }),
  idempotencyKey: fc.boolean(),
  on: fc.uniqueArray(fc.constantFrom("refused" as const, "reset" as const, "timeout" as const, 429, 500, 503)),
  ends: fc.array(end, { minLength: 20, maxLength: 20 }),
  targets: fc.integer({ min: 1, max: 3 }),
  budgetMs: fc.constantFrom(10, 300, 15_000),
  minPerSecond: fc.constantFrom(0, 1),
});

test("whatever happens: nothing is done twice that may not be, and the last real end is told", async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const idempotent = new Set(["GET", "HEAD", "PUT", "DELETE"]);
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(play, async ({ method, body, hasKey, ends, targets, budgetMs, minPerSecond, ...retry }) => {
      const clock = new FakeClock();
      let made = 0;
      const deed: Deed = (facts) => {
        const { sent, of } = ends[made++] ?? { sent: true, of: 200 };
        // An answer is to a request that was sent.
        facts.sent = sent || typeof of === "number";
        if (typeof of === "number") return of;
        throw new Failure(of);
      };
      const all = Array.from({ length: targets }, (_, n) => new FakeTarget(clock, `t${n}`, Array(20).fill(deed)));
      using plan = new FakePlan(...all);
      plan.retryBudget = new RetryBudget({ ratio: 0, minPerSecond });
      const fields = hasKey ? [["idempotency-key", '"k"'] as const] : [];
      const exchange = exchangeUnderTest({ clock, inbound: { method }, fields });
      exchange.body = body;
      exchange.timer.setDeadline(clock.now() + budgetMs);
      const rule = compileRetry({ ...retry, backoff: { base: 25, max: 1000 } }, () => 0.5);
      const told = await playedOut(attempt(exchange, plan, rule), clock);

      const { attempts: seen } = exchange;
      const isRepeatable = idempotent.has(method) || (hasKey && retry.idempotencyKey);
      const sent = seen.filter((one) => one.sent).length;
      if (!isRepeatable || body.kind === "stream") assert.ok(sent <= 1, `sent ${sent} times`);
      const granteds = seen.filter((one) => one.retry === "granted").length;
      granted += granteds;
      assert.ok(granteds < retry.attempts && granteds <= 10 * minPerSecond);
      assert.equal(seen.length, 1 + granteds + seen.filter((one) => one.retry === "stale_connection").length);
      for (const one of seen.slice(0, -1)) assert.ok(one.retry === "granted" || one.retry === "stale_connection");
      const last = ends[seen.length - 1]?.of;
      assert.equal(told instanceof Failure ? told.code : (told as { status: number }).status, last);
    }),
    { seed, numRuns: 2000 },
  );
  assert.ok(granted > 50, `${granted} retries were granted`);
});
