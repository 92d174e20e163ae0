import assert from "node:assert/strict";
import { test } from "node:test";

import { freshSeed } from "../support/seeded.ts";
import { fuzzResponses } from "./response-fuzz.ts";

test("400 mutated responses: their own, 502, 504 or a broken connection", { timeout: 60_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const result = await fuzzResponses({ mutants: 400, seed });
  t.diagnostic(JSON.stringify(result));
  assert.ok(result.relayed > 0.9 * result.sound, "what is sound is relayed");
});
