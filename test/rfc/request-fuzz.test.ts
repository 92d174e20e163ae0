import assert from "node:assert/strict";
import { test } from "node:test";

import { freshSeed } from "../support/seeded.ts";
import { fuzzRequests } from "./request-fuzz.ts";

test("600 mutated requests: the upstream reads what was sent, or nothing", { timeout: 60_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const figures = await fuzzRequests({ cases: 600, seed });
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.forwardedCases >= 0.3 * figures.cases, "refusing everything is no answer");
});
