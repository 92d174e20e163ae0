import assert from "node:assert/strict";
import { test } from "node:test";

import { fuzzResponses } from "../rfc/response-fuzz.ts";
import { freshSeed } from "../support/seeded.ts";

test("12,000 mutated responses: their own, 502, 504 or a broken connection", { timeout: 600_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const result = await fuzzResponses({ mutants: 12_000, seed });
  t.diagnostic(JSON.stringify(result));
  assert.ok(result.relayed > 0.9 * result.sound, "what is sound is relayed");
});
