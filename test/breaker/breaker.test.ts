import type { TestContext } from "node:test";

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { BreakerOptions } from "../../gateway/breaker/breaker.ts";
import type { BreakerAdmission } from "../../gateway/breaker/admission.ts";
import type { BreakerChange } from "../../gateway/exchange/events.ts";

import { Breaker } from "../../gateway/breaker/breaker.ts";
import { systemClock } from "../../gateway/exchange/clock.ts";
import { until } from "../support/until.ts";
import { plainBreaker } from "./breaker-options.ts";

const dateClock = { ...systemClock, now: () => Date.now() };

interface Setup {
  readonly breaker: Breaker;
  readonly changes: string[];
  /** Moves time on, and lets opossum's promises settle. */
  readonly pass: (ms: number) => Promise<void>;
}

/** A breaker on node's mocked timers: opossum's own window and open time move with them. */
function setUp(t: TestContext, options: Partial<BreakerOptions> = {}): Setup {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  const changes: string[] = [];
  const breaker = new Breaker({
    ...plainBreaker,
    clock: dateClock,
    changed: ({ from, to, reason }: BreakerChange) => changes.push(`${from} → ${to}: ${reason}`),
    ...options,
  });
  t.after(() => breaker.close());
  return {
    breaker,
    changes,
    pass: async (ms) => {
      t.mock.timers.tick(ms);
      await settled();
    },
  };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function enter(breaker: Breaker): BreakerAdmission {
  const admission = breaker.enter();
  assert.ok(admission !== undefined, "the breaker admits");
  return admission;
}

async function succeed(breaker: Breaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) breaker.leave(enter(breaker), "success");
  await settled();
}

async function fail(breaker: Breaker, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    breaker.leave(enter(breaker), "failure");
    await settled();
  }
}

describe("a closed breaker", () => {
  test("opens when the share of failures is above the rate", async (t) => {
    const { breaker, changes } = setUp(t);
    await succeed(breaker, 5);
    await fail(breaker, 5);
    assert.equal(breaker.state, "closed", "a share that only reaches the rate does not open it");
    await fail(breaker);
    assert.equal(breaker.state, "open");
    assert.equal(breaker.isAdmitting, false);
    assert.equal(breaker.enter(), undefined);
    assert.deepEqual(changes, ["closed → open: error_rate"]);
  });

  test("with an error rate of 100 % opens when everything fails", async (t) => {
    const { breaker, pass } = setUp(t, { errorRate: 1 });
    await succeed(breaker);
    await fail(breaker, 20);
    assert.equal(breaker.state, "closed");
    await pass(10_000);
    await fail(breaker, 10);
    assert.equal(breaker.state, "open");
  });

  test("never opens below the minimum of requests", async (t) => {
    const { breaker } = setUp(t);
    await fail(breaker, 9);
    assert.equal(breaker.state, "closed");
    await fail(breaker);
    assert.equal(breaker.state, "open");
  });

  test("forgets what is older than its window", async (t) => {
    const { breaker, pass } = setUp(t);
    await fail(breaker, 9);
    await pass(10_000);
    await fail(breaker, 9);
    assert.equal(breaker.state, "closed");
  });

  test("is neither opened nor kept closed by neutral outcomes", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 100; i++) breaker.leave(enter(breaker), "neutral");
    await settled();
    assert.equal(breaker.state, "closed");
    await fail(breaker, 9);
    for (let i = 0; i < 100; i++) breaker.leave(enter(breaker), "neutral");
    await settled();
    assert.equal(breaker.state, "closed", "neutral ones are no part of the minimum");
    await fail(breaker);
    assert.equal(breaker.state, "open", "nor of the rate");
  });

  test("calls in flight do not dilute the rate", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 1000; i++) enter(breaker);
    await fail(breaker, 10);
    assert.equal(breaker.state, "open");
  });

  test("calls that it rejected do not dilute the rate of what follows", async (t) => {
    const { breaker, pass } = setUp(t, { openMs: 1000 });
    await fail(breaker, 10);
    for (let i = 0; i < 1000; i++) assert.equal(breaker.enter(), undefined);
    await pass(1000);
    await succeed(breaker);
    await fail(breaker, 10);
    assert.equal(breaker.state, "open");
  });

  test("takes one verdict of each attempt, the first", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 5; i++) {
      const admission = enter(breaker);
      breaker.leave(admission, "failure");
      breaker.leave(admission, "failure");
      admission.bodyBroke();
      await settled();
    }
    assert.equal(breaker.state, "closed", "5 failures are not 10");
  });
});

describe("a body after a good head", () => {
  test("makes the attempt a success when it ends", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 9; i++) {
      const admission = enter(breaker);
      admission.answered();
      admission.bodyEnded();
    }
    await settled();
    await fail(breaker, 9);
    assert.equal(breaker.state, "closed");
    await fail(breaker);
    assert.equal(breaker.state, "open", "9 successes, 10 failures");
  });

  test("makes the attempt a failure when it breaks off: an upstream that truncates every answer opens the breaker", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 10; i++) {
      const admission = enter(breaker);
      admission.answered();
      admission.bodyBroke();
      await settled();
    }
    assert.equal(breaker.state, "open");
  });

  test("may end or break off before the head is taken note of", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 10; i++) {
      const admission = enter(breaker);
      admission.bodyBroke();
      admission.answered();
      await settled();
    }
    assert.equal(breaker.state, "open");
  });

  test("says nothing where a bad status has been counted already", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 10; i++) {
      const admission = enter(breaker);
      admission.bodyEnded();
      breaker.leave(admission, "failure");
      await settled();
    }
    assert.equal(breaker.state, "open");
  });

  test("says nothing when the client has left within it", async (t) => {
    const { breaker } = setUp(t);
    for (let i = 0; i < 100; i++) enter(breaker).answered();
    await fail(breaker, 10);
    assert.equal(breaker.state, "open");
  });
});

describe("an open breaker", () => {
  test("tells the true time that is left until a trial", async (t) => {
    const { breaker, pass } = setUp(t);
    assert.equal(breaker.retryAfterMs, 0);
    await fail(breaker, 10);
    assert.equal(breaker.retryAfterMs, 5000);
    await pass(1200);
    assert.equal(breaker.retryAfterMs, 3800);
    await pass(3799);
    assert.equal(breaker.retryAfterMs, 1);
    assert.equal(breaker.state, "open");
    await pass(1);
    assert.equal(breaker.retryAfterMs, 0);
    assert.equal(breaker.state, "half-open");
  });

  test("never tells a negative time, though its timer is late", async (t) => {
    let now = 0;
    const { breaker } = setUp(t, { clock: { ...systemClock, now: () => now } });
    await fail(breaker, 10);
    now = 60_000;
    assert.equal(breaker.state, "open");
    assert.equal(breaker.retryAfterMs, 0);
  });

  test("ignores stragglers from before it opened", async (t) => {
    const { breaker, changes, pass } = setUp(t);
    const stragglers = Array.from({ length: 50 }, () => enter(breaker));
    await fail(breaker, 10);
    for (const admission of stragglers.splice(0, 20)) breaker.leave(admission, "success");
    await pass(5000);
    assert.equal(breaker.state, "half-open");
    for (const admission of stragglers.splice(0, 10)) breaker.leave(admission, "success");
    for (const admission of stragglers.splice(0, 10)) breaker.leave(admission, "failure");
    for (const admission of stragglers) admission.bodyBroke();
    await settled();
    assert.equal(breaker.state, "half-open");
    assert.equal(breaker.isAdmitting, true, "none of them took the trial's place");
    assert.equal(changes.length, 2);
  });
});

describe("a half-open breaker", () => {
  async function halfOpen(t: TestContext): Promise<Setup> {
    const setup = setUp(t);
    await fail(setup.breaker, 10);
    await setup.pass(5000);
    assert.equal(setup.breaker.state, "half-open");
    return setup;
  }

  test("admits one trial at a time", async (t) => {
    const { breaker } = await halfOpen(t);
    const trial = enter(breaker);
    assert.equal(breaker.isAdmitting, false);
    assert.equal(breaker.enter(), undefined);
    assert.equal(breaker.retryAfterMs, 0, "its verdict is awaited");
    breaker.leave(trial, "success");
    assert.equal(breaker.enter(), undefined, "until the verdict has taken effect");
    await settled();
    assert.equal(breaker.state, "closed");
  });

  test("closes on a trial's good head, so that an endless body decides nothing", async (t) => {
    const { breaker, changes } = await halfOpen(t);
    enter(breaker).answered();
    await settled();
    assert.equal(breaker.state, "closed");
    assert.equal(changes.at(-1), "half-open → closed: trial_succeeded");
  });

  test("opens again on a failed trial", async (t) => {
    const { breaker, changes } = await halfOpen(t);
    await fail(breaker);
    assert.equal(breaker.state, "open");
    assert.equal(changes.at(-1), "half-open → open: trial_failed");
  });

  test("a trial's body that broke off together with its head fails the trial", async (t) => {
    const { breaker } = await halfOpen(t);
    const trial = enter(breaker);
    trial.bodyBroke();
    trial.answered();
    await settled();
    assert.equal(breaker.state, "open");
  });

  test("gives a neutral trial's place to the next request, and stays as it is", async (t) => {
    const { breaker, changes } = await halfOpen(t);
    for (let i = 0; i < 5; i++) {
      breaker.leave(enter(breaker), "neutral");
      await settled();
      assert.equal(breaker.state, "half-open");
      assert.equal(breaker.isAdmitting, true);
    }
    await succeed(breaker);
    assert.equal(breaker.state, "closed");
    assert.equal(changes.length, 3);
  });

  test("waits for a hung trial, which its attempt's timer ends", async (t) => {
    const { breaker, pass } = await halfOpen(t);
    const trial = enter(breaker);
    await pass(3_600_000);
    assert.equal(breaker.state, "half-open");
    breaker.leave(trial, "failure");
    await settled();
    assert.equal(breaker.state, "open");
  });

  test("once closed, ignores stragglers from the trial's time", async (t) => {
    const { breaker, pass } = await halfOpen(t);
    const neutral = enter(breaker);
    breaker.leave(neutral, "neutral");
    await succeed(breaker);
    for (let i = 0; i < 50; i++) {
      breaker.leave(neutral, "failure");
      neutral.bodyBroke();
    }
    await pass(1);
    assert.equal(breaker.state, "closed");
  });

  test("begins anew with an empty window: the failures that opened it do not open it twice", async (t) => {
    const { breaker } = await halfOpen(t);
    await succeed(breaker);
    await fail(breaker, 9);
    assert.equal(breaker.state, "closed");
    await fail(breaker);
    assert.equal(breaker.state, "open");
  });
});

describe("what a breaker costs", () => {
  test("fifty of them warn of nothing, through all of their states", async (t) => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    t.after(() => process.off("warning", listen));
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    const breakers = Array.from(
      { length: 50 },
      () => new Breaker({ ...plainBreaker, maxOpenMs: 5000, clock: dateClock }),
    );
    for (const breaker of breakers) {
      for (let round = 0; round < 12; round++) {
        await fail(breaker, 10);
        t.mock.timers.tick(5000);
        await succeed(breaker);
      }
      assert.equal(breaker.state, "closed");
    }
    // Warnings are emitted on the next tick of the process.
    await new Promise((resolve) => setImmediate(resolve));
    for (const breaker of breakers) breaker.close();
    assert.deepEqual(warnings, []);
  });

  test("keeps nothing of a verdict that its window has left behind", { timeout: 20_000 }, async (t) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heapBytes = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const breaker = new Breaker({ ...plainBreaker, windowMs: 100, clock: systemClock });
    t.after(() => breaker.close());
    await succeed(breaker, 1000);
    const before = heapBytes();
    for (let i = 0; i < 20; i++) {
      await succeed(breaker, 5000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // 100,000 numbers are 800 kB.
    await until(() => heapBytes() - before < 400_000);
  });

  test("leaves no timer behind when it is closed, in any state", async (t) => {
    const running = countTimers(t);
    const breakers = [0, 1, 2, 3].map(() => new Breaker({ ...plainBreaker, clock: dateClock }));
    const [, open, half, again] = breakers as [Breaker, Breaker, Breaker, Breaker];
    for (const breaker of [half, again]) await fail(breaker, 10);
    t.mock.timers.tick(5000);
    await fail(open, 10);
    await succeed(again);
    assert.deepEqual(
      breakers.map((breaker) => breaker.state),
      ["closed", "open", "half-open", "closed"],
    );
    assert.ok(running.size >= 4);
    for (const breaker of breakers) breaker.close();
    assert.equal(running.size, 0);
  });

  test("verdicts after its end do nothing, and reject nowhere", async (t) => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", listen);
    t.after(() => process.off("unhandledRejection", listen));
    const { breaker, changes } = setUp(t);
    const admissions = Array.from({ length: 40 }, () => enter(breaker));
    for (const admission of admissions.splice(0, 5)) breaker.leave(admission, "failure");
    breaker.close();
    for (const admission of admissions) breaker.leave(admission, "failure");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(rejections, []);
    assert.deepEqual(changes, []);
  });

  test("failures that open it reject nowhere either", async (t) => {
    const rejections: unknown[] = [];
    const listen = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", listen);
    t.after(() => process.off("unhandledRejection", listen));
    const { breaker } = setUp(t);
    const admissions = Array.from({ length: 40 }, () => enter(breaker));
    for (const admission of admissions) breaker.leave(admission, "failure");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(breaker.state, "open");
    assert.deepEqual(rejections, []);
  });
});

/** Ids of the timers that run, from here on. */
function countTimers(t: TestContext): Set<unknown> {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const running = new Set<unknown>();
  const {
    setInterval: interval,
    setTimeout: timeout,
    clearInterval: endInterval,
    clearTimeout: endTimeout,
  } = globalThis;
  t.mock.method(globalThis, "setInterval", (...parts: Parameters<typeof setInterval>) => {
    const timer = interval(...parts);
    running.add(timer);
    return timer;
  });
  t.mock.method(globalThis, "setTimeout", (fire: (argument: unknown) => void, delayMs: number, argument: unknown) => {
    const timer = timeout(() => {
      running.delete(timer);
      fire(argument);
    }, delayMs);
    running.add(timer);
    return timer;
  });
  t.mock.method(globalThis, "clearInterval", (timer: NodeJS.Timeout) => {
    running.delete(timer);
    endInterval(timer);
  });
  t.mock.method(globalThis, "clearTimeout", (timer: NodeJS.Timeout) => {
    running.delete(timer);
    endTimeout(timer);
  });
  return running;
}
