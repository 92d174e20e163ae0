import { test } from "node:test";

import { sufferHostility } from "../journeys/hostile-traffic.ts";
import { ResidentLevels } from "../support/resident-levels.ts";
import { freshSeed } from "../support/seeded.ts";

/** SOAK_SECONDS shortens or lengthens it; the first fifth is warm-up. */
const seconds = Number(process.env["SOAK_SECONDS"] ?? 600);
const reportSeconds = Math.max(1, Math.min(5, Math.floor(seconds / 60)));

test(
  "resident memory after the soak is within 20 % of the level after warm-up",
  { timeout: 2 * seconds * 1000 + 60_000 },
  async (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const levels = new ResidentLevels(t, seconds);
    const figures = await sufferHostility({
      seconds,
      ratePerSecond: 30,
      seed,
      holdMs: 3000,
      reportSeconds,
      report: levels.report,
    });
    levels.judge(figures);
  },
);
