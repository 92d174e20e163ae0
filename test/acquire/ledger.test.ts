import { test } from "node:test";

import fc from "fast-check";

import type { Step } from "./ledger.ts";

import { Ledger } from "./ledger.ts";

const which = fc.nat(1000);
const priority = fc.constantFrom("critical" as const, "normal" as const, "sheddable" as const);
const limits = fc.integer({ min: 1, max: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("ask" as const), priority }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("release" as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("move" as const), limit: limits }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 40 }) }) },
);

test("whoever asks, gives back, leaves or runs out of time, in whatever order, permits are neither lost nor doubled", async () => {
  const depths = fc.integer({ min: 0, max: 4 });
  const steps = fc.array(step, { minLength: 20, maxLength: 120, size: "max" });
  await fc.assert(
    fc.asyncProperty(limits, depths, steps, async (limit, depth, sequence) => {
      const ledger = new Ledger(limit, depth);
      for (const one of sequence) await ledger.play(one);
      await ledger.end();
    }),
    { numRuns: 300 },
  );
});
