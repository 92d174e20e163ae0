import assert from "node:assert/strict";
import { test } from "node:test";

import { freshSeed } from "../support/seeded.ts";
import { hostileActs } from "./hostile-acts.ts";
import { sufferHostility } from "./hostile-traffic.ts";

test("hostile traffic of every kind leaves no connection and no request behind", { timeout: 60_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const report = (): void => {};
  const figures = await sufferHostility({
    seconds: 3,
    ratePerSecond: 40,
    seed,
    holdMs: 500,
    report,
    reportSeconds: 60,
  });
  t.diagnostic(JSON.stringify(figures));
  assert.ok(figures.acts >= hostileActs.length, "every act was played");
});
