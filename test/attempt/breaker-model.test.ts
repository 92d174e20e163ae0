import assert from "node:assert/strict";
import { mock, test } from "node:test";

import fc from "fast-check";

import type { Ticket, Verdict } from "../../gateway/attempt/breaker.ts";
import type { ModelTicket } from "./breaker-model.ts";

import { Breaker } from "../../gateway/attempt/breaker.ts";
import { systemClock } from "../../gateway/clock.ts";
import { BreakerModel } from "./breaker-model.ts";

const options = { errorRate: 0.5, windowMs: 1000, minimumRequests: 4, openMs: 250 };

type Step =
  | { readonly kind: "enter" }
  | { readonly kind: "leave"; readonly which: number; readonly verdict: Verdict }
  | { readonly kind: "pass"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ kind: "enter" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("leave" as const),
      which: fc.nat(1000),
      verdict: fc.constantFrom<Verdict>("success", "failure", "failure", "neutral"),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 400 }) }) },
);

/** Plays the steps on the breaker and on the model; after each, both must look the same. */
async function play(steps: readonly Step[]): Promise<Set<string>> {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 0 });
  const states = new Set<string>();
  const changed = (_from: string, to: string): void => void states.add(to);
  const breaker = new Breaker({ ...options, clock: { ...systemClock, now: () => Date.now() }, changed });
  const model = new BreakerModel(options);
  const tickets: Array<readonly [Ticket, ModelTicket]> = [];
  try {
    for (const [index, one] of steps.entries()) {
      await playStep(one, { breaker, model, tickets });
      const at = `step ${index}, ${JSON.stringify(one)}`;
      assert.equal(breaker.state, model.state, at);
      assert.equal(breaker.isAdmitting, model.isAdmitting, at);
      assert.equal(breaker.retryAfterMs, model.retryAfterMs(Date.now()), at);
    }
  } finally {
    breaker.close();
    mock.timers.reset();
  }
  return states;
}

interface Play {
  readonly breaker: Breaker;
  readonly model: BreakerModel;
  readonly tickets: Array<readonly [Ticket, ModelTicket]>;
}

async function playStep(one: Step, { breaker, model, tickets }: Play): Promise<void> {
  switch (one.kind) {
    case "enter": {
      const [ticket, expected] = [breaker.enter(), model.enter()];
      assert.equal(ticket === undefined, expected === undefined, "admission");
      if (ticket !== undefined && expected !== undefined) tickets.push([ticket, expected]);
      return;
    }
    case "leave": {
      const pair = tickets[one.which % Math.max(1, tickets.length)];
      if (pair === undefined) return;
      breaker.leave(pair[0], one.verdict);
      model.leave(pair[1], one.verdict, Date.now());
      break;
    }
    case "pass":
      mock.timers.tick(one.ms);
      model.timePasses(Date.now());
  }
  // opossum settles within some microtasks.
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

test("whatever happens, and in whatever order, a breaker does what its model does", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 150, size: "max" }), async (steps) => {
      for (const state of await play(steps)) seen.add(state);
    }),
    { numRuns: 200 },
  );
  assert.deepEqual(seen, new Set(["open", "half-open", "closed"]), "the sequences reach every state");
});
