import assert from "node:assert/strict";
import { test } from "node:test";

import { fuzzRequests } from "../rfc/request-fuzz.ts";
import { freshSeed } from "../support/seeded.ts";

test("20,000 mutated requests: the upstream reads what was sent, or nothing", { timeout: 600_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const figures = await fuzzRequests({ cases: 20_000, seed });
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.forwardedCases >= 0.3 * figures.cases, "refusing everything is no answer");
});
