import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Exchange } from "../../gateway/exchange/exchange.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { Deed } from "./fake-plan.ts";

import { attempt } from "../../gateway/attempt/attempts.ts";
import { Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answers, failureOf, FakePlan, FakeTarget, planOf, settled, stale, throws, trip } from "./fake-plan.ts";

/** How many of four requests with this end open the breaker: all, or it stays closed. */
async function opensAfterFour(
  deed: Deed,
  prepare: (exchange: Exchange, clock: FakeClock) => void = () => {},
): Promise<boolean> {
  const { clock, target, plan } = planOf([deed, deed, deed, deed]);
  using _closing = plan;
  for (let i = 0; i < 4; i++) {
    const exchange = exchangeUnderTest({ clock });
    prepare(exchange, clock);
    await Promise.allSettled([attempt(exchange, plan)]);
    await settled();
  }
  return target.breaker.state === "open";
}

describe("an attempt", () => {
  test("resolves with the answer, and is recorded with its target and its breaker's state", async () => {
    const { target, plan } = planOf([answers(201)]);
    using _closing = plan;
    const exchange = exchangeUnderTest();
    const answer = await attempt(exchange, plan);
    assert.equal(answer.status, 201);
    assert.deepEqual(target.calls, [false]);
    assert.equal(exchange.attempts.length, 1);
    const [facts] = exchange.attempts;
    assert.deepEqual([facts?.target, facts?.outcome, facts?.breaker], ["127.0.0.1:9001", "success", "closed"]);
  });

  test("that fails throws its failure by the facts, and records its code", async () => {
    const deed: Deed = (facts) => {
      facts.phase = "dns";
      throw new TimerExpired("connect");
    };
    const { plan } = planOf([deed]);
    using _closing = plan;
    const exchange = exchangeUnderTest();
    assert.equal((await failureOf(attempt(exchange, plan))).code, "upstream_dns_timeout");
    assert.equal(exchange.attempts[0]?.outcome, "upstream_dns_timeout");
  });

  test("whose sending throws a programmer's error is internal and no fault of the target's", async () => {
    const thrown = new TypeError("undefined is not a function");
    const { plan } = planOf([throws(thrown)]);
    using _closing = plan;
    const failure = await failureOf(attempt(exchangeUnderTest(), plan));
    assert.equal(failure.code, "internal");
    assert.equal(failure.cause, thrown);
    assert.equal(await opensAfterFour(throws(thrown)), false);
  });
});

describe("a stale connection", () => {
  test("is replaced once by a fresh one, in silence, where the method is idempotent", async () => {
    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
      const { target, plan } = planOf([stale, answers()]);
      using _closing = plan;
      const exchange = exchangeUnderTest({ inbound: { method } });
      assert.equal((await attempt(exchange, plan)).status, 200, method);
      assert.deepEqual(target.calls, [false, true]);
      assert.deepEqual(
        exchange.attempts.map((one) => one.outcome),
        ["upstream_stale_connection", "success"],
      );
    }
  });

  test("is not replaced for a POST or a PATCH of which a byte was sent", async () => {
    for (const method of ["POST", "PATCH"]) {
      const { target, plan } = planOf([stale]);
      using _closing = plan;
      const failure = await failureOf(attempt(exchangeUnderTest({ inbound: { method } }), plan));
      assert.equal(failure.code, "upstream_stale_connection");
      assert.deepEqual(target.calls, [false]);
    }
  });

  test("is replaced for a POST of which nothing was sent", async () => {
    const deed: Deed = () => {
      throw new Failure("upstream_stale_connection");
    };
    const { target, plan } = planOf([deed, answers()]);
    using _closing = plan;
    assert.equal((await attempt(exchangeUnderTest({ inbound: { method: "POST" } }), plan)).status, 200);
    assert.deepEqual(target.calls, [false, true]);
  });

  test("is not replaced where the body streams: it cannot be sent twice", async () => {
    const { target, plan } = planOf([stale]);
    using _closing = plan;
    const exchange = exchangeUnderTest({ inbound: { method: "PUT" } });
    exchange.body = { kind: "stream", length: 10, begun: Buffer.alloc(0) };
    assert.equal((await failureOf(attempt(exchange, plan))).code, "upstream_stale_connection");
    assert.deepEqual(target.calls, [false]);
  });

  test("is replaced where the body is in memory", async () => {
    const { plan } = planOf([stale, answers()]);
    using _closing = plan;
    const exchange = exchangeUnderTest({ inbound: { method: "PUT" } });
    exchange.body = { kind: "buffered", bytes: Buffer.from("{}"), isChunked: false };
    assert.equal((await attempt(exchange, plan)).status, 200);
  });

  test("is replaced once only, and the second failure is told", async () => {
    const refuses: Deed = (facts) => {
      facts.phase = "connect";
      throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    };
    const { target, plan } = planOf([stale, refuses]);
    using _closing = plan;
    assert.equal((await failureOf(attempt(exchangeUnderTest(), plan))).code, "upstream_refused");
    const { target: again, plan: other } = planOf([stale, stale]);
    using _closingToo = other;
    assert.equal((await failureOf(attempt(exchangeUnderTest(), other))).code, "upstream_stale_connection");
    assert.deepEqual([target.calls.length, again.calls.length], [2, 2]);
  });

  test("is not replaced once the exchange is cancelled", async () => {
    const left: Deed = (facts, exchange) => {
      exchange.cancel(new Failure("client_closed"));
      return stale(facts, exchange);
    };
    const { target, plan } = planOf([left]);
    using _closing = plan;
    await failureOf(attempt(exchangeUnderTest(), plan));
    assert.deepEqual(target.calls, [false]);
  });

  test("is told where the breaker refuses the second attempt: a refusal never replaces a real attempt's failure", async () => {
    const { target, plan } = planOf([]);
    using _closing = plan;
    target.deeds.push((facts, exchange) => {
      // Others' failures open the breaker meanwhile; its state changes before our own verdict is in.
      target.breaker.enter = () => undefined;
      return stale(facts, exchange);
    });
    assert.equal((await failureOf(attempt(exchangeUnderTest(), plan))).code, "upstream_stale_connection");
  });

  test("moves no breaker", async () => {
    assert.equal(await opensAfterFour(stale, (exchange) => exchange.cancel(new Failure("client_closed"))), false);
  });

  test("is the only failure that is ever repeated", async () => {
    const codes: readonly FailureCode[] = [
      "upstream_refused",
      "upstream_reset",
      "upstream_headers_timeout",
      "upstream_dns_error",
    ];
    for (const code of codes) {
      const { target, plan } = planOf([throws(new Failure(code))]);
      using _closing = plan;
      assert.equal((await failureOf(attempt(exchangeUnderTest(), plan))).code, code);
      assert.equal(target.calls.length, 1);
    }
  });
});

describe("no_healthy_upstream", () => {
  test("is told where probes have taken every target out, with the soonest return", async () => {
    const clock = new FakeClock();
    const targets = [new FakeTarget(clock, "a", []), new FakeTarget(clock, "b", [])];
    for (const [n, target] of targets.entries())
      Object.assign(target, { isHealthy: false, returnsInMs: 9000 - n * 2000 });
    using plan = new FakePlan(...targets);
    const exchange = exchangeUnderTest({ clock });
    const failure = await failureOf(attempt(exchange, plan));
    assert.deepEqual([failure.code, failure.options.retryAfterMs], ["no_healthy_upstream", 7000]);
    assert.equal(exchange.attempts.length, 0);
  });

  test("is not told where a breaker is the reason, and no unhealthy target is asked in its place", async () => {
    const clock = new FakeClock();
    const [ill, broken] = [new FakeTarget(clock, "a", []), new FakeTarget(clock, "b", [])];
    Object.assign(ill, { isHealthy: false, returnsInMs: 60_000 });
    using plan = new FakePlan(ill, broken);
    await trip(broken);
    const failure = await failureOf(attempt(exchangeUnderTest({ clock }), plan));
    assert.equal(failure.code, "circuit_open");
    assert.equal(failure.options.retryAfterMs, broken.breaker.retryAfterMs);
  });
});

describe("circuit_open", () => {
  test("is thrown where no target's breaker admits, with the soonest trial, and no attempt is made", async () => {
    const clock = new FakeClock();
    const targets = [new FakeTarget(clock, "a:1", []), new FakeTarget(clock, "b:1", [])];
    const [first, second] = targets as [FakeTarget, FakeTarget];
    using plan = new FakePlan(first, second);
    await trip(first);
    clock.advance(2000);
    await trip(second);
    clock.advance(500);
    const exchange = exchangeUnderTest({ clock });
    const failure = await failureOf(attempt(exchange, plan));
    assert.equal(failure.code, "circuit_open");
    assert.equal(failure.options.retryAfterMs, 2500);
    assert.deepEqual(exchange.attempts, []);
  });

  test("spares the targets whose breakers are closed: one dead target of two does not stop the upstream", async () => {
    const clock = new FakeClock();
    const dead = new FakeTarget(clock, "a:1", []);
    const alive = new FakeTarget(clock, "b:1", [answers()]);
    using plan = new FakePlan(dead, alive);
    await trip(dead);
    assert.equal((await attempt(exchangeUnderTest({ clock }), plan)).status, 200);
    assert.deepEqual([dead.calls.length, alive.calls.length], [0, 1]);
  });

  test("is thrown too where a target was picked and its breaker closes the door in between", async () => {
    const { target, plan } = planOf([]);
    using _closing = plan;
    target.breaker.enter = () => undefined;
    assert.equal((await failureOf(attempt(exchangeUnderTest(), plan))).code, "circuit_open");
  });
});

describe("what the breaker learns", () => {
  test("a failure status counts as a failure, and another error of the upstream's does not", async () => {
    assert.equal(await opensAfterFour(answers(503)), true);
    assert.equal(await opensAfterFour(answers(500)), false);
    assert.equal(await opensAfterFour(answers(404)), false);
  });

  test("a body that broke off after a good head counts", async () => {
    assert.equal(
      await opensAfterFour((facts) => {
        facts.admission.bodyBroke();
        return 200;
      }),
      true,
    );
  });

  test("a short body that ended before its head was looked at does not hide a failure status", async () => {
    assert.equal(
      await opensAfterFour((facts) => {
        facts.admission.bodyEnded();
        return 503;
      }),
      true,
    );
  });

  test("rows that blame the target count, and others do not", async () => {
    for (const code of ["upstream_refused", "upstream_reset", "upstream_headers_timeout"] as const) {
      assert.equal(await opensAfterFour(throws(new Failure(code))), true, code);
    }
    for (const code of [
      "client_closed",
      "client_timeout",
      "body_too_large",
      "upstream_certificate",
      "overloaded",
    ] as const) {
      assert.equal(await opensAfterFour(throws(new Failure(code))), false, code);
    }
  });

  test("an expired deadline counts only if the attempt had its whole timer", async () => {
    const after =
      (waitedMs: number): Deed =>
      (facts, exchange) => {
        const { clock } = exchange;
        assert.ok(clock instanceof FakeClock);
        Object.assign(facts, { phase: "headers", sent: true, awaitedSince: clock.now(), timerMs: 5000 });
        clock.advance(waitedMs);
        throw new TimerExpired("deadline");
      };
    assert.equal(await opensAfterFour(after(4900)), true);
    assert.equal(await opensAfterFour(after(1000)), false, "the queue had eaten up the rest");
    const hurry = (exchange: Exchange): void => void (exchange.isHurried = true);
    assert.equal(await opensAfterFour(after(4900), hurry), false, "the client itself had cut it short");
  });

  test("a timer that is longer than the whole budget is had when the budget was", async () => {
    const deed: Deed = (facts, exchange) => {
      const { clock } = exchange;
      assert.ok(clock instanceof FakeClock);
      Object.assign(facts, { phase: "headers", sent: true, awaitedSince: clock.now(), timerMs: 60_000 });
      clock.advance(14_900);
      throw new TimerExpired("deadline");
    };
    assert.equal(await opensAfterFour(deed), true);
  });

  test("a deadline that ran out while the client's bytes were awaited is the client's", async () => {
    const deed: Deed = (facts) => {
      Object.assign(facts, { phase: "send", sent: true, awaitsClient: true });
      throw new TimerExpired("deadline");
    };
    assert.equal(await opensAfterFour(deed), false);
  });
});

test("tells the plan how each attempt has ended, the replaced ones too", async () => {
  const { plan } = planOf([stale, answers()]);
  await attempt(exchangeUnderTest(), plan);
  const other = planOf([answers(503)]).plan;
  await attempt(exchangeUnderTest(), other);
  const failing = planOf([throws(new Failure("upstream_headers_timeout"))]).plan;
  await failureOf(attempt(exchangeUnderTest(), failing));
  assert.deepEqual(
    [plan.told, other.told, failing.told],
    [
      [
        ["upstream_stale_connection", false],
        ["success", false],
      ],
      [["success", true]],
      [["upstream_headers_timeout", true]],
    ],
  );
});
