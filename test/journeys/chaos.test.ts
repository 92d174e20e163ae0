import { test } from "node:test";

import { freshSeed } from "../support/seeded.ts";
import { sufferChaos } from "./chaos.ts";

test("through twelve seconds of chaos each answer is explained by the log", { timeout: 90_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  t.diagnostic(JSON.stringify(await sufferChaos({ seconds: 12, ratePerSecond: 80, seed, report: () => {} })));
});
