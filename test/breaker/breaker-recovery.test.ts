import type { TestContext } from "node:test";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { BreakerOptions } from "../../gateway/breaker/breaker.ts";
import type { BreakerAdmission, Verdict } from "../../gateway/breaker/admission.ts";
import type { BreakerChange } from "../../gateway/exchange/events.ts";

import { Breaker } from "../../gateway/breaker/breaker.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { seeded } from "../support/seeded.ts";
import { plainBreaker } from "./breaker-options.ts";

/** A breaker on a clock that stands still; what opossum's window forgets is not the matter here. */
class Setup {
  readonly clock = new FakeClock();
  readonly changes: BreakerChange[] = [];
  readonly breaker: Breaker;

  constructor(t: TestContext, options: Partial<BreakerOptions> = {}) {
    this.breaker = new Breaker({
      ...plainBreaker,
      clock: this.clock,
      changed: (change) => this.changes.push(change),
      ...options,
    });
    t.after(() => this.breaker.close());
  }

  enter(): BreakerAdmission {
    assert.ok(this.breaker.isAdmitting, "the breaker admits");
    const admission = this.breaker.enter();
    assert.ok(admission !== undefined);
    return admission;
  }

  async give(verdict: Verdict, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      this.breaker.leave(this.enter(), verdict);
      await settled();
    }
  }

  /** An answer whose head took so long; its body comes at once. */
  async answer(headMs: number, times = 1): Promise<void> {
    for (let i = 0; i < times; i++) {
      const admission = this.enter();
      admission.headCame(headMs);
      admission.answered();
      admission.bodyEnded();
      await settled();
    }
  }

  /** Opens, and lets the open time pass. */
  async halfOpen(): Promise<void> {
    await this.give("failure", 10);
    this.clock.advance(this.breaker.retryAfterMs);
    assert.equal(this.breaker.state, "half-open");
  }

  /** The length of each opening so far. */
  get openTimes(): readonly (number | undefined)[] {
    return this.changes.filter(({ to }) => to === "open").map(({ openMs }) => openMs);
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe("the open time", () => {
  async function failTrials(setup: Setup, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await setup.give("failure");
      setup.clock.advance(setup.breaker.retryAfterMs);
    }
  }

  test("doubles with each failed trial, up to the longest", async (t) => {
    const setup = new Setup(t);
    await setup.halfOpen();
    await failTrials(setup, 5);
    assert.deepEqual(setup.openTimes, [5000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  test("leaves a fifth of what it backs off to chance, and nothing of the first", async (t) => {
    const setup = new Setup(t, { random: () => 0.5 });
    await setup.halfOpen();
    await failTrials(setup, 5);
    assert.deepEqual(setup.openTimes, [5000, 9000, 18_000, 36_000, 54_000, 54_000]);
  });

  test("is never below the first, and told to the millisecond", async (t) => {
    const setup = new Setup(t, { openMs: 5000, maxOpenMs: 5500, random: () => 0.999 });
    await setup.halfOpen();
    await setup.give("failure");
    assert.equal(setup.breaker.retryAfterMs, 5000);
    setup.clock.advance(4999);
    assert.equal(setup.breaker.retryAfterMs, 1);
    assert.equal(setup.breaker.state, "open");
    setup.clock.advance(1);
    assert.equal(setup.breaker.state, "half-open");
  });

  test("goes on doubling where it opens soon after it closed: a good trial was no recovery", async (t) => {
    const setup = new Setup(t, { rampMs: 1000 });
    await setup.halfOpen();
    await setup.give("success");
    setup.clock.advance(10_999);
    await setup.give("failure", 10);
    assert.deepEqual(setup.openTimes, [5000, 10_000]);
  });

  test("begins anew once it has stayed closed through its ramp and a window", async (t) => {
    const setup = new Setup(t, { rampMs: 1000 });
    await setup.halfOpen();
    await failTrials(setup, 2);
    await setup.give("success");
    setup.clock.advance(11_000);
    await setup.give("failure", 10);
    assert.deepEqual(setup.openTimes, [5000, 10_000, 20_000, 5000]);
  });
});

describe("a trial brought forward", () => {
  test("makes an open breaker half-open at once, and once", async (t) => {
    const setup = new Setup(t);
    await setup.give("failure", 10);
    setup.breaker.trialNow();
    setup.breaker.trialNow();
    assert.equal(setup.breaker.state, "half-open");
    assert.equal(setup.breaker.retryAfterMs, 0);
    setup.clock.advance(60_000);
    assert.equal(setup.changes.length, 2, "the timer it came before is gone");
    await setup.give("success");
    assert.equal(setup.breaker.state, "closed");
    assert.deepEqual(
      setup.changes.map(({ reason }) => reason),
      ["error_rate", "probe_passed", "trial_succeeded"],
    );
  });

  test("decides nothing by itself, and nothing where the breaker is not open", async (t) => {
    const setup = new Setup(t);
    setup.breaker.trialNow();
    assert.equal(setup.breaker.state, "closed");
    await setup.give("failure", 10);
    setup.breaker.trialNow();
    await setup.give("failure");
    assert.deepEqual(setup.openTimes, [5000, 10_000]);
    setup.breaker.close();
    setup.breaker.trialNow();
    assert.equal(setup.breaker.state, "open");
    assert.equal(setup.clock.pending, 0);
  });
});

describe("several trials", () => {
  const three = { trials: 3, errorRate: 0.5 };

  test("are admitted at once, and no more of them", async (t) => {
    const setup = new Setup(t, three);
    await setup.halfOpen();
    for (let i = 0; i < 3; i++) setup.enter();
    assert.equal(setup.breaker.isAdmitting, false);
    assert.equal(setup.breaker.enter(), undefined);
  });

  test("close it as soon as no other could change that", async (t) => {
    const setup = new Setup(t, three);
    await setup.halfOpen();
    await setup.give("failure");
    await setup.give("success");
    assert.equal(setup.breaker.state, "half-open");
    await setup.give("success");
    assert.equal(setup.breaker.state, "closed");
  });

  test("open it when more of them fail than the rate allows", async (t) => {
    const setup = new Setup(t, three);
    await setup.halfOpen();
    await setup.give("failure", 2);
    assert.equal(setup.changes.at(-1)?.reason, "trial_failed");
    assert.equal(setup.breaker.state, "open");
  });

  test("that end neutral are replaced", async (t) => {
    const setup = new Setup(t, three);
    await setup.halfOpen();
    await setup.give("neutral", 20);
    await setup.give("success", 2);
    assert.equal(setup.breaker.state, "closed");
  });

  test("that contradict each other in one tick decide once", async (t) => {
    const setup = new Setup(t, { trials: 2, errorRate: 0.01 });
    await setup.halfOpen();
    const [one, other] = [setup.enter(), setup.enter()];
    setup.breaker.leave(one, "failure");
    setup.breaker.leave(other, "success");
    await settled();
    assert.equal(setup.breaker.state, "open");
    assert.deepEqual(setup.openTimes, [5000, 10_000]);
  });
});

test("a hung trial is joined by another after the open time, and the first verdict decides", async (t) => {
  const setup = new Setup(t);
  await setup.halfOpen();
  const hung = setup.enter();
  setup.clock.advance(4999);
  assert.equal(setup.breaker.isAdmitting, false);
  setup.clock.advance(1);
  const next = setup.enter();
  assert.equal(setup.breaker.isAdmitting, false, "one in each open time");
  setup.breaker.leave(next, "success");
  await settled();
  assert.equal(setup.breaker.state, "closed");
  setup.breaker.leave(hung, "failure");
  await settled();
  assert.equal(setup.breaker.state, "closed");
});

describe("the ramp", () => {
  /** Which share of 1,000 requests, one each millisecond, is let through. */
  function share(setup: Setup): number {
    let admitted = 0;
    for (let i = 0; i < 1000; i++) {
      if (setup.breaker.isAdmitting) admitted++;
      setup.clock.advance(1);
    }
    return admitted / 1000;
  }

  test("lets a tenth through after closing, and in equal steps everybody", async (t) => {
    const setup = new Setup(t, { rampMs: 5000, random: seeded(7) });
    assert.equal(share(setup), 1, "a breaker that has never opened has none");
    await setup.halfOpen();
    await setup.give("success");
    const shares = [0, 1, 2, 3, 4].map(() => share(setup));
    for (const [second, seen] of shares.entries()) {
      const expected = 0.1 + 0.9 * ((second + 0.5) / 5);
      assert.ok(Math.abs(seen - expected) < 0.05, `${seen} in second ${second}, not about ${expected}`);
    }
    assert.equal(share(setup), 1);
  });

  test("says the same to whoever asks twice, and lets in whoever was let through", async (t) => {
    const setup = new Setup(t, { rampMs: 5000, random: seeded(7) });
    await setup.halfOpen();
    await setup.give("success");
    for (let i = 0; i < 1000; i++) {
      const isAdmitting = setup.breaker.isAdmitting;
      for (let again = 0; again < 5; again++) assert.equal(setup.breaker.isAdmitting, isAdmitting);
      if (isAdmitting) assert.ok(setup.breaker.enter() !== undefined);
      setup.clock.advance(1);
    }
  });

  test("has no wait to tell: the next second is as good as any", async (t) => {
    const setup = new Setup(t, { rampMs: 5000, random: () => 0.99 });
    await setup.halfOpen();
    setup.breaker.leave(setup.enter(), "success");
    await settled();
    assert.equal(setup.breaker.isAdmitting, false);
    assert.equal(setup.breaker.retryAfterMs, 0);
  });
});

describe("slow calls", () => {
  const slow = { slowCallMs: 800, slowCallRate: 0.5 };

  test("open it when their share of the good answers is above their rate", async (t) => {
    const setup = new Setup(t, slow);
    await setup.answer(799, 5);
    await setup.answer(800, 5);
    assert.equal(setup.breaker.state, "closed");
    await setup.answer(5000);
    assert.equal(setup.breaker.state, "open");
    const { reason, failures, requests, windowMs } = setup.changes[0] ?? {};
    assert.deepEqual([reason, failures, requests, windowMs], ["slow_calls", 6, 11, 10_000]);
  });

  test("count for nothing unless configured", async (t) => {
    const setup = new Setup(t);
    await setup.answer(60_000, 100);
    assert.equal(setup.breaker.state, "closed");
  });

  test("are no failures: they do not add up to the error rate", async (t) => {
    const setup = new Setup(t, { ...slow, slowCallRate: 0.9 });
    await setup.give("failure", 8);
    await setup.answer(1000, 8);
    await setup.answer(10, 4);
    assert.equal(setup.breaker.state, "closed");
  });

  test("fail as trials", async (t) => {
    const setup = new Setup(t, slow);
    await setup.halfOpen();
    await setup.answer(800);
    assert.equal(setup.changes.at(-1)?.reason, "trial_failed");
    setup.clock.advance(setup.breaker.retryAfterMs);
    await setup.answer(799);
    assert.equal(setup.breaker.state, "closed");
  });
});

describe("failures with no success between", () => {
  test("open it whatever the window remembers, once there has been no success for a tenth of it", async (t) => {
    const setup = new Setup(t);
    await setup.give("success", 1000);
    setup.clock.advance(1000);
    await setup.give("failure", 9);
    assert.equal(setup.breaker.state, "closed");
    await setup.give("failure");
    const { reason, failures, requests } = setup.changes[0] ?? {};
    assert.deepEqual([reason, failures, requests], ["no_success", 10, 10]);
  });

  test("do not where the last success is nearer: a restart that takes a moment is no outage", async (t) => {
    const setup = new Setup(t);
    await setup.give("success", 1000);
    setup.clock.advance(999);
    await setup.give("failure", 500);
    assert.equal(setup.breaker.state, "closed");
    await setup.give("success");
    setup.clock.advance(1000);
    await setup.give("failure", 9);
    assert.equal(setup.breaker.state, "closed");
  });

  test("must have come within one window", async (t) => {
    const setup = new Setup(t);
    await setup.give("success", 1000);
    for (let i = 0; i < 100; i++) {
      setup.clock.advance(1500);
      await setup.give("failure");
    }
    assert.equal(setup.breaker.state, "closed");
  });
});

describe("what a breaker tells of itself", () => {
  test("is how often it opened and why", async (t) => {
    const setup = new Setup(t);
    assert.equal(setup.breaker.reason, "started");
    await setup.halfOpen();
    await setup.give("failure");
    assert.deepEqual(setup.breaker.opens, { error_rate: 1, slow_calls: 0, no_success: 0, trial_failed: 1 });
    assert.equal(setup.breaker.reason, "trial_failed");
  });

  test("is what was counted, within which time, and for how long it opens", async (t) => {
    const setup = new Setup(t);
    await setup.give("success", 9);
    await setup.give("failure", 10);
    assert.deepEqual(setup.changes, [
      {
        from: "closed",
        to: "open",
        reason: "error_rate",
        openMs: 5000,
        failures: 10,
        requests: 19,
        windowMs: 10_000,
      },
    ]);
  });
});
