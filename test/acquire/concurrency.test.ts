import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Permit } from "../../gateway/acquire/concurrency.ts";
import type { Exchange } from "../../gateway/exchange.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { classify } from "../../gateway/failures/classify.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";
import { FakeClock } from "../support/fake-clock.ts";

function setUp(limit = 1, queueDepth = 2) {
  const clock = new FakeClock();
  const concurrency = new Concurrency({ limit, queueDepth, queueWaitMs: 100 });
  return { clock, concurrency };
}

/** One exchange's try for a permit, and what came of it. */
class Client {
  readonly exchange: Exchange;
  permit: Permit | undefined;
  failure: Failure | undefined;

  constructor(clock: FakeClock) {
    this.exchange = exchangeUnderTest({ clock });
  }

  get isWaiting(): boolean {
    return this.permit === undefined && this.failure === undefined;
  }

  ask(concurrency: Concurrency): this {
    try {
      const acquired = concurrency.acquire(this.exchange);
      if (acquired instanceof Promise) {
        acquired.then(
          (permit) => void (this.permit = permit),
          (thrown: unknown) => this.#fail(thrown),
        );
      } else {
        this.permit = acquired;
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
    return this;
  }

  release(): void {
    this.permit?.[Symbol.dispose]();
  }

  #fail(thrown: unknown): void {
    this.failure = classify(thrown, this.exchange);
    this.exchange.close();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

describe("permits", () => {
  test("are given at once, without a promise, while there are some", () => {
    const { clock, concurrency } = setUp(2);
    const clients = [new Client(clock).ask(concurrency), new Client(clock).ask(concurrency)];
    assert.ok(clients.every((client) => client.permit !== undefined));
    assert.equal(concurrency.inFlight, 2);
    assert.equal(concurrency.limit, 2);
    assert.equal(clients[0]?.exchange.phase, "accept", "who does not wait was never queued");
  });

  test("come back once, however often they are given back", () => {
    const { clock, concurrency } = setUp(2);
    const [one] = [new Client(clock).ask(concurrency), new Client(clock).ask(concurrency)];
    one.release();
    one.release();
    assert.equal(concurrency.inFlight, 1);
  });

  test("go to who has waited longest, before anybody new", async () => {
    const { clock, concurrency } = setUp();
    const [holder, first, second] = [0, 1, 2].map(() => new Client(clock).ask(concurrency)) as [Client, Client, Client];
    holder.release();
    const late = new Client(clock).ask(concurrency);
    await settled();
    assert.deepEqual(
      [first, second, late].map((client) => client.isWaiting),
      [false, true, true],
    );
    assert.equal(concurrency.inFlight, 1);
  });
});

describe("the queue", () => {
  test("is bounded: who finds it full is refused with the wait as Retry-After", () => {
    const { clock, concurrency } = setUp(1, 2);
    for (let i = 0; i < 3; i++) new Client(clock).ask(concurrency);
    const { failure } = new Client(clock).ask(concurrency);
    assert.equal(failure?.code, "concurrency_limited");
    assert.equal(failure.options.retryAfterMs, 100);
    assert.equal(concurrency.queued, 2);
  });

  test("may be none", () => {
    const { clock, concurrency } = setUp(1, 0);
    new Client(clock).ask(concurrency);
    assert.equal(new Client(clock).ask(concurrency).failure?.code, "concurrency_limited");
  });

  test("is left with queue_timeout when the wait is over", async () => {
    const { clock, concurrency } = setUp();
    new Client(clock).ask(concurrency);
    const waiting = new Client(clock).ask(concurrency);
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
    const { clock, concurrency } = setUp();
    new Client(clock).ask(concurrency);
    const waiting = new Client(clock);
    waiting.exchange.alarm.setDeadline(clock.now() + 40);
    waiting.ask(concurrency);
    clock.advance(40);
    await settled();
    assert.equal(waiting.failure?.code, "queue_timeout");
    assert.equal(waiting.exchange.queueMs, 40);
  });

  test("is left at once by a client that goes away", async () => {
    const { clock, concurrency } = setUp();
    const holder = new Client(clock).ask(concurrency);
    const [gone, next] = [new Client(clock).ask(concurrency), new Client(clock).ask(concurrency)];
    gone.exchange.cancel(new Failure("client_closed"));
    assert.equal(concurrency.queued, 1);
    holder.release();
    await settled();
    assert.equal(gone.failure?.code, "client_closed");
    assert.ok(next.permit !== undefined);
  });

  test("is not even entered by an exchange that was cancelled before", async () => {
    const { clock, concurrency } = setUp();
    new Client(clock).ask(concurrency);
    const gone = new Client(clock);
    gone.exchange.cancel(new Failure("client_closed"));
    gone.ask(concurrency);
    assert.equal(concurrency.queued, 0);
    await settled();
    assert.equal(gone.failure?.code, "client_closed");
  });

  test("measures the wait, and no timer of it outlives it", async () => {
    const { clock, concurrency } = setUp();
    const holder = new Client(clock).ask(concurrency);
    const waiting = new Client(clock).ask(concurrency);
    assert.equal(waiting.exchange.phase, "queue");
    clock.advance(30);
    holder.release();
    await settled();
    clock.advance(1000);
    await settled();
    assert.ok(waiting.permit !== undefined);
    assert.equal(waiting.failure, undefined);
    assert.equal(waiting.exchange.queueMs, 30);
  });
});

type Step =
  | { readonly kind: "ask" | "release" | "cancel"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number };

const which = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("ask" as const), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("release" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 80 }) }) },
);

/** Who holds a permit and who waits, in order, kept by hand beside the real thing. */
class Ledger {
  readonly clock = new FakeClock();
  readonly concurrency: Concurrency;
  readonly #limit: number;
  readonly #depth: number;
  readonly #holding: Client[] = [];
  #waiting: Client[] = [];

  constructor(limit: number, depth: number) {
    this.#limit = limit;
    this.#depth = depth;
    this.concurrency = new Concurrency({ limit, queueDepth: depth, queueWaitMs: 100 });
  }

  async play(one: Step): Promise<void> {
    if (one.kind === "pass") this.clock.advance(one.ms);
    else if (one.kind === "ask") this.#ask();
    else if (one.kind === "release") this.#release(one.which);
    else this.#waiting[one.which % Math.max(1, this.#waiting.length)]?.exchange.cancel(new Failure("client_closed"));
    await settled();
    this.#check();
  }

  /** Everybody ends: nothing may be left. */
  async end(): Promise<void> {
    while (this.#holding.length > 0) await this.play({ kind: "release", which: 0 });
    assert.equal(this.concurrency.inFlight, 0, "every permit has come back");
    assert.equal(this.concurrency.queued, 0);
  }

  #ask(): void {
    const client = new Client(this.clock).ask(this.concurrency);
    if (this.#holding.length < this.#limit) {
      assert.ok(client.permit !== undefined, "a free permit is given at once");
      this.#holding.push(client);
    } else if (this.#waiting.length < this.#depth) {
      assert.ok(client.isWaiting);
      this.#waiting.push(client);
    } else {
      assert.equal(client.failure?.code, "concurrency_limited");
    }
  }

  #release(index: number): void {
    const [client] = this.#holding.splice(index % Math.max(1, this.#holding.length), 1);
    client?.release();
    client?.exchange.close();
  }

  #check(): void {
    const admitted = this.#waiting.filter((client) => client.permit !== undefined);
    const stillWaiting = this.#waiting.filter((client) => client.isWaiting);
    const first = this.#waiting.findIndex((client) => client.isWaiting);
    assert.ok(
      admitted.every((client) => first === -1 || this.#waiting.indexOf(client) < first),
      "first come, first served",
    );
    for (const client of this.#waiting) {
      const { queueMs } = client.exchange;
      assert.ok(client.isWaiting || (queueMs >= 0 && queueMs <= 100), `waited ${queueMs} ms`);
    }
    this.#waiting = stillWaiting;
    this.#holding.push(...admitted);
    const { inFlight, queued } = this.concurrency;
    assert.equal(inFlight, this.#holding.length, "no permit is lost, none is made up");
    assert.ok(inFlight <= this.#limit, "never more than the limit");
    assert.equal(queued, stillWaiting.length);
    assert.ok(queued <= this.#depth, "the queue is bounded");
    assert.ok(queued === 0 || inFlight === this.#limit, "nobody waits while a permit is free");
  }
}

test("whoever asks, gives back, leaves or runs out of time, in whatever order, permits are neither lost nor doubled", async () => {
  const limits = fc.integer({ min: 1, max: 4 });
  const depths = fc.integer({ min: 0, max: 4 });
  const steps = fc.array(step, { minLength: 20, maxLength: 120, size: "max" });
  await fc.assert(
    fc.asyncProperty(limits, depths, steps, async (limit, depth, sequence) => {
      const ledger = new Ledger(limit, depth);
      for (const one of sequence) await ledger.play(one);
      await ledger.end();
      assert.equal(ledger.clock.pending, 0, "no timer is left");
    }),
    { numRuns: 200 },
  );
});
