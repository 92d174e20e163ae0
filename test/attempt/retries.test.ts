import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { RetryRule } from "../../gateway/attempt/retry.ts";
import type { RetryConfig } from "../../gateway/config/schema.ts";
import type { Exchange, RequestBody, UpstreamAnswer } from "../../gateway/exchange/exchange.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { ExchangeParts } from "../support/exchange-under-test.ts";
import type { Deed } from "./fake-plan.ts";

import { attempt } from "../../gateway/attempt/attempts.ts";
import { RetryBudget } from "../../gateway/attempt/budget.ts";
import { compileRetry } from "../../gateway/attempt/retry.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { answers, failureOf, FakePlan, FakeTarget, playedOut, settled, stale, trip } from "./fake-plan.ts";

const refused: Deed = () => {
  throw new Failure("upstream_refused");
};

const fails =
  (code: FailureCode): Deed =>
  (facts) => {
    facts.sent = true;
    throw new Failure(code);
  };

const reset = fails("upstream_reset");

const says =
  (status: number, headers: readonly string[] = []): Deed =>
  (facts) => {
    facts.sent = true;
    return { status, headers };
  };

interface Play extends ExchangeParts {
  /** What each target does, in turn. */
  readonly deeds: readonly Deed[][];
  readonly retry?: Partial<RetryConfig>;
  readonly body?: RequestBody;
  readonly budget?: RetryBudget;
  readonly budgetMs?: number;
}

function setUp({ deeds, retry, body, budget, budgetMs = 15_000, ...parts }: Play) {
  const clock = new FakeClock();
  const plan = new FakePlan(...deeds.map((own, n) => new FakeTarget(clock, `target-${n}`, own)));
  if (budget !== undefined) plan.retryBudget = budget;
  const exchange = exchangeUnderTest({ ...parts, clock });
  if (body !== undefined) exchange.body = body;
  exchange.timer.setDeadline(clock.now() + budgetMs);
  const config = { attempts: 2, on: ["refused", "reset", "timeout", 503], backoff: { base: 100, max: 1000 } } as const;
  const rule: RetryRule = compileRetry({ ...config, idempotencyKey: false, ...retry }, () => 0.5);
  return { clock, plan, exchange, answered: attempt(exchange, plan, rule) };
}

async function over({ clock, plan, answered }: ReturnType<typeof setUp>): Promise<void> {
  using _closing = plan;
  await playedOut(answered, clock);
}

async function answerOf(play: Play): Promise<{ answer: UpstreamAnswer; exchange: Exchange }> {
  const played = setUp(play);
  await over(played);
  return { answer: await played.answered, exchange: played.exchange };
}

async function failedWith(play: Play): Promise<{ code: FailureCode; exchange: Exchange }> {
  const played = setUp(play);
  await over(played);
  return { code: (await failureOf(played.answered)).code, exchange: played.exchange };
}

function decisions(exchange: Exchange): unknown[] {
  return exchange.attempts.map(({ retry }) => retry);
}

function targets(exchange: Exchange): string[] {
  return exchange.attempts.map(({ target }) => target);
}

const post = { inbound: { method: "POST" } };
const withKey = { ...post, fields: [["idempotency-key", '"8e03"']] as const };

describe("a further attempt", () => {
  test("is made on another target where there is one", async () => {
    const { answer, exchange } = await answerOf({ deeds: [[reset], [answers()]] });
    assert.equal(answer.status, 200);
    assert.deepEqual(targets(exchange), ["target-0", "target-1"]);
    assert.deepEqual(decisions(exchange), ["granted", undefined]);
  });

  test("is made on the same target where there is no other", async () => {
    const { answer } = await answerOf({ deeds: [[reset, answers()]] });
    assert.equal(answer.status, 200);
  });

  test("comes after every target had its turn once", async () => {
    const { exchange } = await answerOf({ deeds: [[reset, answers()], [reset]], retry: { attempts: 3 } });
    assert.deepEqual(targets(exchange), ["target-0", "target-1", "target-0"]);
  });

  test("after an untrusted certificate is made on another target or not at all", async () => {
    const untrusted: Deed = () => {
      throw new Failure("upstream_certificate");
    };
    const { exchange } = await answerOf({ deeds: [[untrusted], [answers()]] });
    assert.deepEqual(targets(exchange), ["target-0", "target-1"]);
    const alone = await failedWith({ deeds: [[untrusted]] });
    assert.equal(alone.code, "upstream_certificate");
    assert.deepEqual(decisions(alone.exchange), ["no_target"]);
  });

  test("is not made beyond `attempts`", async () => {
    const { code, exchange } = await failedWith({ deeds: [[reset, reset, reset]], retry: { attempts: 3 } });
    assert.equal(code, "upstream_reset");
    assert.deepEqual(decisions(exchange), ["granted", "granted", "attempts_spent"]);
  });

  test("is not made for what the route does not name", async () => {
    const { exchange } = await failedWith({ deeds: [[reset]], retry: { on: ["refused"] } });
    assert.deepEqual(decisions(exchange), [undefined]);
  });

  test("is made for a POST of which nothing was sent, and of nothing more", async () => {
    const { answer } = await answerOf({ ...post, deeds: [[refused, answers()]] });
    assert.equal(answer.status, 200);
    const { exchange } = await failedWith({ ...post, deeds: [[refused, reset]], retry: { attempts: 5 } });
    assert.deepEqual(decisions(exchange), ["granted", "already_sent"]);
  });

  test("is made for a POST with an Idempotency-Key where the route takes its word", async () => {
    const { answer } = await answerOf({ ...withKey, deeds: [[reset, answers()]], retry: { idempotencyKey: true } });
    assert.equal(answer.status, 200);
    const { exchange } = await failedWith({ ...withKey, deeds: [[reset]] });
    assert.deepEqual(decisions(exchange), ["already_sent"]);
    const unkeyed = await failedWith({ ...post, deeds: [[reset]], retry: { idempotencyKey: true } });
    assert.deepEqual(decisions(unkeyed.exchange), ["already_sent"]);
  });

  test("sends a body that is in memory again, and never one that streamed", async () => {
    const put = { inbound: { method: "PUT" } };
    const bytes = Buffer.from("{}");
    const streamed: RequestBody = { kind: "stream", length: 2, begun: Buffer.alloc(0) };
    await answerOf({ ...put, body: { kind: "buffered", bytes, isChunked: false }, deeds: [[reset, answers()]] });
    const { exchange } = await failedWith({ ...put, body: streamed, deeds: [[reset]] });
    assert.deepEqual(decisions(exchange), ["body_streamed"]);
    await answerOf({ ...post, body: streamed, deeds: [[refused, answers()]] });
  });

  test("replaces a stale connection of its own in silence", async () => {
    const { exchange } = await answerOf({ deeds: [[reset, stale, answers()]] });
    assert.deepEqual(decisions(exchange), ["granted", "stale_connection", undefined]);
  });

  test("waits for the pause and not a tick longer", async () => {
    const { clock, exchange, plan, answered } = setUp({ deeds: [[reset, answers()]] });
    using _closing = plan;
    await settled();
    clock.advance(49);
    await settled();
    assert.equal(exchange.attempts.length, 1);
    clock.advance(1);
    assert.equal((await answered).status, 200);
  });

  test("is given up within the tick in which the client leaves", async () => {
    const { clock, exchange, plan, answered } = setUp({ deeds: [[reset]] });
    using _closing = plan;
    await settled();
    exchange.cancel(new Failure("client_closed"));
    assert.equal((await failureOf(answered)).code, "client_closed");
    assert.deepEqual(decisions(exchange), ["cancelled"]);
    exchange.close();
    assert.equal(clock.pending, 0);
  });

  test("is not begun where the pause would outlast the budget", async () => {
    const { code, exchange } = await failedWith({ deeds: [[reset]], budgetMs: 50 });
    assert.equal(code, "upstream_reset");
    assert.deepEqual(decisions(exchange), ["no_time"]);
  });

  test("is not made where the upstream's budget is spent", async () => {
    const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
    const { code, exchange } = await failedWith({ deeds: [[reset]], budget });
    assert.equal(code, "upstream_reset");
    assert.deepEqual(decisions(exchange), ["budget_spent"]);
  });

  test("costs the budget nothing where it cannot be made", async () => {
    const budget = new RetryBudget({ ratio: 0, minPerSecond: 1 });
    for (let n = 0; n < 20; n += 1) await failedWith({ ...post, deeds: [[reset]], budget });
    const { answer } = await answerOf({ deeds: [[reset, answers()]], budget });
    assert.equal(answer.status, 200);
  });

  test("that no breaker admits leaves the last real failure as it was", async () => {
    const played = setUp({ deeds: [[reset]] });
    await settled();
    await trip(played.plan.targets[0] as FakeTarget);
    await over(played);
    assert.equal((await failureOf(played.answered)).code, "upstream_reset");
    assert.deepEqual(decisions(played.exchange), ["no_target"]);
  });

  test("that fails itself is the failure that is told", async () => {
    const { code } = await failedWith({ deeds: [[reset, fails("upstream_headers_timeout")]] });
    assert.equal(code, "upstream_headers_timeout");
  });
});

describe("an answer with a status that is repeated", () => {
  test("gives way to the next", async () => {
    const { answer, exchange } = await answerOf({ deeds: [[says(503)], [says(200)]] });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      exchange.attempts.map(({ status }) => status),
      [503, 200],
    );
  });

  test("is relayed where the request may not be sent again", async () => {
    const { answer, exchange } = await answerOf({ ...post, deeds: [[says(503)]] });
    assert.equal(answer.status, 503);
    assert.deepEqual(decisions(exchange), ["already_sent"]);
  });

  test("is relayed as it was where the next attempt is refused, and no deadline cuts it short", async () => {
    const played = setUp({ deeds: [[says(503, ["x-a", "b"])]] });
    await settled();
    await trip(played.plan.targets[0] as FakeTarget);
    await over(played);
    const answer = await played.answered;
    assert.deepEqual([answer.status, answer.headers], [503, ["x-a", "b"]]);
    assert.equal(played.exchange.timer.deadlineAt, Infinity);
    const ends: unknown[] = [];
    answer.flow({ write: () => true, end: (last) => ends.push(String(last)), fail: () => assert.fail() });
    assert.deepEqual(ends, ["fine"]);
  });

  test("draws the next attempt on the same budget: its own head had lifted the deadline", async () => {
    const lifting: Deed = (facts, exchange) => {
      exchange.timer.setDeadline(Infinity);
      return says(503)(facts, exchange);
    };
    let deadlineAt = 0;
    const next: Deed = (_facts, exchange) => {
      deadlineAt = exchange.timer.deadlineAt;
      return 200;
    };
    const { exchange } = await answerOf({ deeds: [[lifting, next]], budgetMs: 5000 });
    assert.equal(deadlineAt, exchange.startedAt + 5000);
  });

  test("is waited for as long as its Retry-After says, or relayed where that takes too long", async () => {
    const wait = ["retry-after", "2"];
    const { exchange } = await answerOf({ deeds: [[says(503, wait), answers()]] });
    const [first, second] = exchange.attempts;
    assert.ok((second?.startedAt ?? 0) - (first?.startedAt ?? 0) >= 2000);
    const short = await answerOf({ deeds: [[says(503, wait)]], budgetMs: 1900 });
    assert.equal(short.answer.status, 503);
    assert.deepEqual(decisions(short.exchange), ["no_time"]);
  });

  test("whose body does not end in time is relayed", async () => {
    const endless: Deed = () => ({ status: 503, flow() {} });
    const { answer, exchange } = await answerOf({ deeds: [[endless]] });
    assert.equal(answer.status, 503);
    assert.deepEqual(decisions(exchange), ["answer_too_long"]);
  });
});
