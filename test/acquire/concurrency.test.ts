import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Priority } from "../../gateway/exchange/exchange.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Client, MovableLimit, settled } from "./client.ts";

function setUp(permits = 1, queueDepth: number | undefined = 2) {
  const clock = new FakeClock();
  const limit = new MovableLimit(permits);
  const concurrency = new Concurrency({ clock, limit, queueDepth, queueWaitMs: 100 });
  const ask = (priority?: Priority): Client => new Client(clock, priority).ask(concurrency);
  return { clock, limit, concurrency, ask };
}

/** Any sample: the movable limit does not look at it. */
const sample = { startedAt: 0, endedAt: 0, outcome: "answered" } as const;

describe("permits", () => {
  test("are given at once, without a promise and without a timer, while there are some", () => {
    const { clock, concurrency, ask } = setUp(2);
    const clients = [ask(), ask()];
    assert.ok(clients.every((client) => client.permit !== undefined));
    assert.equal(concurrency.inFlight, 2);
    assert.equal(concurrency.limit, 2);
    assert.equal(clock.pending, 0);
    assert.equal(clients[0]?.exchange.phase, "accept", "who does not wait was never queued");
  });

  test("come back once, however often they are given back", () => {
    const { concurrency, ask } = setUp(2);
    const [one] = [ask(), ask()];
    one.release();
    one.release();
    assert.equal(concurrency.inFlight, 1);
  });

  test("go to who has waited longest, before anybody new", async () => {
    const { concurrency, ask } = setUp();
    const [holder, first, second] = [ask(), ask(), ask()];
    holder.release();
    const late = ask();
    await settled();
    assert.deepEqual(
      [first, second, late].map((client) => client.isWaiting),
      [false, true, true],
    );
    assert.equal(concurrency.inFlight, 1);
  });

  test("beyond a limit that has fallen go to nobody", async () => {
    const { limit, concurrency, ask } = setUp(3);
    const holders = [ask(), ask(), ask()];
    const waiting = ask();
    limit.limit = 1;
    holders[0]?.release();
    holders[1]?.release();
    await settled();
    assert.ok(waiting.isWaiting);
    holders[2]?.release();
    await settled();
    assert.ok(waiting.permit !== undefined);
    assert.equal(concurrency.inFlight, 1);
  });

  test("of a limit that has risen go to who waits, as soon as it is known", async () => {
    const { limit, concurrency, ask } = setUp();
    const [, first, second] = [ask(), ask(), ask()];
    limit.limit = 3;
    concurrency.ended(sample);
    await settled();
    assert.deepEqual([first.isWaiting, second.isWaiting, concurrency.inFlight], [false, false, 3]);
  });
});

describe("the queue", () => {
  test("is bounded: who finds it full is refused with the wait as Retry-After", () => {
    const { concurrency, ask } = setUp(1, 2);
    for (let i = 0; i < 3; i++) ask();
    const { failure } = ask();
    assert.equal(failure?.code, "concurrency_limited");
    assert.equal(failure.options.retryAfterMs, 100);
    assert.equal(concurrency.queued, 2);
  });

  test("refuses everybody with one failure that was made before", () => {
    const { ask } = setUp(1, 0);
    ask();
    assert.equal(ask().failure, ask().failure);
  });

  test("may be none", () => {
    const { ask } = setUp(1, 0);
    ask();
    assert.equal(ask().failure?.code, "concurrency_limited");
  });

  test("has half as many places as there are permits where nothing else is said, and at least four", () => {
    const clock = new FakeClock();
    const limit = new MovableLimit(1);
    const concurrency = new Concurrency({ clock, limit, queueDepth: undefined, queueWaitMs: 100 });
    const refused = (): number => {
      const clients = Array.from({ length: 100 }, () => new Client(clock).ask(concurrency));
      return clients.filter(({ failure }) => failure !== undefined).length;
    };
    assert.equal(refused(), 100 - 1 - 4);
    limit.limit = 21;
    concurrency.ended(sample);
    assert.equal(concurrency.queued, 0);
    assert.equal(refused(), 100 - (21 - 5) - 10);
  });

  test("is left with queue_timeout when the wait is over", async () => {
    const { clock, concurrency, ask } = setUp();
    ask();
    const waiting = ask("critical");
    clock.advance(99);
    await settled();
    assert.ok(waiting.isWaiting);
    clock.advance(1);
    await settled();
    assert.equal(waiting.failure?.code, "queue_timeout");
    assert.equal(waiting.exchange.queueMs, 100);
    assert.equal(concurrency.queued, 0);
  });

  test("is left with queue_timeout too when the whole budget ends first", async () => {
    const { clock, concurrency, ask } = setUp();
    ask();
    const waiting = new Client(clock);
    waiting.exchange.timer.setDeadline(clock.now() + 40);
    waiting.ask(concurrency);
    clock.advance(40);
    await settled();
    assert.equal(waiting.failure?.code, "queue_timeout");
    assert.equal(waiting.exchange.queueMs, 40);
  });

  test("does not serve whom the answer would reach too late", async () => {
    const { clock, limit, concurrency, ask } = setUp();
    limit.typicalMs = 60;
    const holder = ask();
    const late = new Client(clock);
    late.exchange.timer.setDeadline(clock.now() + 50);
    late.ask(concurrency);
    const next = ask();
    clock.advance(21);
    holder.release();
    await settled();
    assert.equal(late.failure?.code, "queue_timeout");
    assert.ok(next.permit !== undefined);
  });

  test("is left at once by a client that goes away", async () => {
    const { concurrency, ask } = setUp();
    const [holder, gone, next] = [ask(), ask(), ask()];
    gone.exchange.cancel(new Failure("client_closed"));
    assert.equal(concurrency.queued, 1);
    holder.release();
    await settled();
    assert.equal(gone.failure?.code, "client_closed");
    assert.ok(next.permit !== undefined);
  });

  test("is not even entered by an exchange that was cancelled before", async () => {
    const { clock, concurrency, ask } = setUp();
    ask();
    const gone = new Client(clock);
    gone.exchange.cancel(new Failure("client_closed"));
    gone.ask(concurrency);
    assert.equal(concurrency.queued, 0);
    await settled();
    assert.equal(gone.failure?.code, "client_closed");
  });

  test("measures the wait, and no timer of it outlives it", async () => {
    const { clock, ask } = setUp();
    const holder = ask();
    const waiting = ask();
    assert.equal(waiting.exchange.phase, "queue");
    clock.advance(30);
    holder.release();
    await settled();
    clock.advance(1000);
    await settled();
    assert.ok(waiting.permit !== undefined);
    assert.equal(waiting.failure, undefined);
    assert.equal(waiting.exchange.queueMs, 30);
    assert.equal(clock.pending, 0);
  });
});
