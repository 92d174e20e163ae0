import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { PermitHolder } from "../../gateway/exchange/exchange.ts";

import { Concurrency } from "../../gateway/acquire/concurrency.ts";
import { Contention } from "../../gateway/acquire/contention.ts";
import { HeldPermit } from "../../gateway/acquire/permit.ts";
import { ClientPace } from "../../gateway/exchange/client-pace.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Client, MovableLimit, settled } from "./client.ts";

const minRate = 4096;

/** An exchange whose client is awaited while it holds a permit. */
class Holder implements PermitHolder {
  readonly pace: ClientPace;
  readonly permit: HeldPermit;
  readonly bytesPerSecond: number;
  reason: Error | undefined;

  constructor(clock: FakeClock, contention: Contention, bytesPerSecond: number) {
    this.pace = new ClientPace(clock, minRate, { takenBytes: 0 });
    this.bytesPerSecond = bytesPerSecond;
    this.permit = new HeldPermit({
      release: (permit) => contention.released(permit),
      watch: (permit) => contention.watch(permit),
    });
    this.pace.begin();
    this.permit.watch(this);
  }

  cancel(reason: Error): void {
    assert.equal(this.reason, undefined, "it is told once");
    this.reason = reason;
  }

  get isCut(): boolean {
    return this.reason !== undefined;
  }

  [Symbol.dispose](): void {
    this.permit[Symbol.dispose]();
  }
}

function setUp() {
  const clock = new FakeClock();
  const state = { queued: 0 };
  const contention = new Contention({ clock, queued: () => state.queued });
  const holders: Holder[] = [];
  const hold = (bytesPerSecond: number): Holder => {
    const one = new Holder(clock, contention, bytesPerSecond);
    holders.push(one);
    return one;
  };
  /** Time passes, in which each client gives its bytes. */
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      for (const { pace, bytesPerSecond } of holders) if (bytesPerSecond > 0) pace.progress(bytesPerSecond / 20);
    }
  };
  const queue = (requests = 1): void => {
    for (let n = 0; n < requests; n++) contention.relieve(++state.queued);
  };
  return { clock, state, contention, hold, pass, queue };
}

describe("a client that is too slow for a permit that others queue for", () => {
  test("is told so as client_timeout, which names the cause, and ends its connection", () => {
    const { contention, hold, pass, queue } = setUp();
    const one = hold(100);
    pass(1000);
    queue();
    assert.ok(one.reason instanceof Failure);
    assert.equal(one.reason.code, "client_timeout");
    assert.equal(one.reason.options.close, true);
    const { cause } = one.reason;
    assert.ok(cause instanceof Error && "code" in cause && cause.code === "permit_contended");
    assert.match(cause.message, /^1\d\d B\/s of the client/);
    assert.equal(contention.cuts, 1);
  });

  test("loses nothing while nobody queues", () => {
    const { clock, contention, hold, pass } = setUp();
    const one = hold(0);
    pass(600_000);
    assert.deepEqual([one.isCut, contention.cuts, clock.pending], [false, 0, 0]);
  });

  test("loses nothing before it was awaited for half a second", () => {
    const { hold, pass, queue } = setUp();
    const one = hold(0);
    pass(450);
    queue();
    assert.equal(one.isCut, false);
    pass(50);
    assert.equal(one.isCut, true);
  });

  test("is found while requests queue still, also if it was not awaited when they began to", () => {
    const { hold, pass, queue } = setUp();
    queue();
    pass(100);
    const late = hold(0);
    pass(450);
    assert.equal(late.isCut, false);
    pass(100);
    assert.equal(late.isCut, true);
  });

  test("keeps its permit where the queue has emptied before it was too slow", () => {
    const { clock, state, hold, pass, queue } = setUp();
    const one = hold(0);
    pass(400);
    queue();
    state.queued = 0;
    pass(60_000);
    assert.deepEqual([one.isCut, clock.pending], [false, 0]);
  });

  test("keeps it where the upstream is awaited, or the client is fast enough", () => {
    const { contention, hold, pass, queue } = setUp();
    const [resting, quick] = [hold(0), hold(2 * minRate)];
    pass(400);
    resting.pace.rest();
    pass(1000);
    queue(3);
    pass(1000);
    assert.deepEqual([resting.isCut, quick.isCut, contention.cuts], [false, false, 0]);
  });

  test("keeps it once it has given it back", () => {
    const { hold, pass, queue } = setUp();
    const one = hold(0);
    pass(1000);
    one[Symbol.dispose]();
    one.permit.watch(one);
    queue(2);
    assert.equal(one.isCut, false);
  });
});

describe("of several clients that are too slow", () => {
  test("the slowest loses its permit first, and no more do than requests queue", () => {
    const { contention, hold, pass, queue } = setUp();
    const all = [3000, 100, 2000, 0].map((rate) => hold(rate));
    pass(1000);
    queue();
    assert.deepEqual(
      all.map(({ isCut }) => isCut),
      [false, false, false, true],
    );
    queue();
    assert.deepEqual(
      all.map(({ isCut }) => isCut),
      [false, true, false, true],
    );
    pass(1000);
    assert.equal(contention.cuts, 2, "one that is told to end counts until it has");
  });

  test("the next one follows where a permit came back and requests queue still", () => {
    const { state, contention, hold, pass, queue } = setUp();
    const all = [3000, 100].map((rate) => hold(rate));
    pass(1000);
    queue();
    all[1]?.[Symbol.dispose]();
    state.queued = 0;
    pass(1000);
    assert.equal(contention.cuts, 1);
    queue();
    assert.equal(all[0]?.isCut, true);
  });
});

describe("an upstream's permits", () => {
  test("go from a client that is too slow to the request that queues", async () => {
    const clock = new FakeClock();
    const concurrency = new Concurrency({
      clock,
      limit: new MovableLimit(1),
      queueDepth: undefined,
      queueWaitMs: 5000,
    });
    const [slow, next] = [new Client(clock, "normal", minRate), new Client(clock)];
    slow.ask(concurrency);
    slow.exchange.permit = slow.permit;
    slow.exchange.clientIsAwaited();
    const told: Error[] = [];
    slow.exchange.await({ cancel: (reason) => void told.push(reason) });
    clock.advance(300);
    next.ask(concurrency);
    clock.advance(199);
    assert.deepEqual(told, []);
    clock.advance(51);
    assert.equal(told.length, 1);
    assert.equal(concurrency.cuts, 1);
    slow.exchange.releaseUpstream();
    await settled();
    assert.ok(next.permit !== undefined);
    assert.deepEqual([concurrency.inFlight, concurrency.queued], [1, 0]);
  });
});

test("whatever comes: only the slowest are cut, too slow for long enough, and never more than queue", () => {
  const step = fc.record({
    does: fc.constantFrom("hold", "hold", "pass", "pass", "queue", "leave", "release", "rest"),
    rate: fc.constantFrom(0, 100, 2000, 5000, 100_000),
    who: fc.nat(9),
    ms: fc.nat({ max: 14 }),
  });
  const property = fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
    const { clock, state, contention, hold, pass } = setUp();
    const held: Holder[] = [];
    const seen = new Set<Holder>();
    const check = (): void => {
      const now = clock.now();
      const cut = held.filter((one) => one.isCut && !seen.has(one));
      for (const one of cut) {
        seen.add(one);
        assert.ok(state.queued > 0, "nobody queues");
        assert.ok(one.pace.isTooSlow(now), "it is fast enough, or was not awaited for long");
        for (const other of held) {
          assert.ok(other.isCut || other.pace.rate(now) >= one.pace.rate(now), "a slower one is left");
        }
      }
      if (cut.length > 0) assert.ok(held.filter(({ isCut }) => isCut).length <= state.queued, "more than queue");
    };
    for (const { does, rate, who, ms } of steps) {
      const one = held[who % Math.max(1, held.length)];
      if (does === "hold") held.push(hold(rate));
      else if (does === "queue") contention.relieve(++state.queued);
      else if (does === "leave") state.queued = Math.max(0, state.queued - 1);
      else if (does === "rest") one?.pace.rest();
      else if (does === "release") {
        one?.[Symbol.dispose]();
        if (one !== undefined) held.splice(held.indexOf(one), 1);
      } else {
        for (let n = 0; n < ms; n++) {
          pass(50);
          check();
        }
      }
      check();
    }
    assert.equal(contention.cuts, seen.size);
  });
  fc.assert(property, { numRuns: 200 });
});
