import assert from "node:assert/strict";
import { mock, test } from "node:test";

import fc from "fast-check";

import type { BreakerAdmission, Verdict } from "../../gateway/breaker/admission.ts";
import type { ModelOptions, ModelAdmission } from "./breaker-model.ts";

import { Breaker } from "../../gateway/breaker/breaker.ts";
import { systemClock } from "../../gateway/exchange/clock.ts";
import { seeded } from "../support/seeded.ts";
import { BreakerModel } from "./breaker-model.ts";
import { plainBreaker } from "./breaker-options.ts";

type Settings = Pick<
  ModelOptions,
  "errorRate" | "minimumRequests" | "maxOpenMs" | "trials" | "rampMs" | "slowCallMs" | "slowCallRate"
>;

type Step =
  | { readonly kind: "enter" | "trialNow" }
  | { readonly kind: "leave"; readonly which: number; readonly verdict: Verdict; readonly isSlow: boolean }
  | { readonly kind: "pass"; readonly ms: number };

const fixed = { ...plainBreaker, windowMs: 1000, openMs: 250 };

const settings: fc.Arbitrary<Settings> = fc.record({
  errorRate: fc.constantFrom(0.2, 0.5, 1),
  minimumRequests: fc.integer({ min: 1, max: 5 }),
  maxOpenMs: fc.constantFrom(250, 1000),
  trials: fc.integer({ min: 1, max: 4 }),
  rampMs: fc.constantFrom(0, 500),
  slowCallMs: fc.constantFrom(undefined, 100),
  slowCallRate: fc.constantFrom(0.3, 1),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Step>({ kind: "enter" }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("leave" as const),
      which: fc.nat(1000),
      verdict: fc.constantFrom<Verdict>("success", "failure", "failure", "neutral"),
      isSlow: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "trialNow" }) },
);

interface Play {
  readonly breaker: Breaker;
  readonly model: BreakerModel;
  readonly admissions: Array<readonly [BreakerAdmission, ModelAdmission]>;
}

/** Plays the steps on the breaker and on the model; after each, both must look the same. Answers the reasons seen. */
async function play(chosen: Settings, seed: number, steps: readonly Step[]): Promise<Set<string>> {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 0 });
  const reasons = new Set<string>();
  const breaker = new Breaker({
    ...fixed,
    ...chosen,
    clock: { ...systemClock, now: () => Date.now() },
    random: seeded(seed),
    changed: ({ reason }) => reasons.add(reason),
  });
  const model = new BreakerModel({ ...fixed, ...chosen, random: seeded(seed) });
  const admissions: Play["admissions"] = [];
  try {
    for (const [index, one] of steps.entries()) {
      await playStep(one, { breaker, model, admissions });
      const now = Date.now();
      assert.deepEqual(
        [breaker.state, breaker.reason, breaker.isAdmitting, breaker.retryAfterMs],
        [model.state, model.reason, model.isAdmitting(now), model.retryAfterMs(now)],
        `step ${index}, ${JSON.stringify(one)}`,
      );
    }
  } finally {
    breaker.close();
    mock.timers.reset();
  }
  return reasons;
}

async function playStep(one: Step, { breaker, model, admissions }: Play): Promise<void> {
  switch (one.kind) {
    case "enter": {
      const [admission, expected] = [breaker.enter(), model.enter(Date.now())];
      assert.equal(admission === undefined, expected === undefined, "admission");
      if (admission !== undefined && expected !== undefined) admissions.push([admission, expected]);
      return;
    }
    case "leave": {
      const pair = admissions[one.which % Math.max(1, admissions.length)];
      if (pair === undefined) return;
      pair[0].headCame(one.isSlow ? 100 : 99);
      breaker.leave(pair[0], one.verdict);
      model.leave(pair[1], one.verdict, { now: Date.now(), isSlow: one.isSlow && breaker.slowCallMs === 100 });
      break;
    }
    case "trialNow":
      breaker.trialNow();
      model.trialNow();
      return;
    case "pass":
      mock.timers.tick(one.ms);
      model.timePasses(Date.now());
  }
  // opossum settles within some microtasks.
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

test("whatever happens, and in whatever order, a breaker does what its model does", async () => {
  const seen = new Set<string>();
  const steps = fc.array(step, { minLength: 20, maxLength: 100, size: "max" });
  await fc.assert(
    fc.asyncProperty(settings, fc.integer(), steps, async (...drawn) => {
      for (const reason of await play(...drawn)) seen.add(reason);
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(
    [...seen].toSorted(),
    ["error_rate", "no_success", "open_time_over", "probe_passed", "slow_calls", "trial_failed", "trial_succeeded"],
    "the sequences reach every change there is",
  );
});
