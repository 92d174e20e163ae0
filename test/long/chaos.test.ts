import { test } from "node:test";

import { sufferChaos } from "../journeys/chaos.ts";
import { ResidentLevels } from "../support/resident-levels.ts";
import { freshSeed } from "../support/seeded.ts";

/** CHAOS_SECONDS shortens or lengthens it, CHAOS_SEED repeats one; the first tenth is warm-up. */
const seconds = Number(process.env["CHAOS_SECONDS"] ?? 600);
const seed = Number(process.env["CHAOS_SEED"] ?? freshSeed());

test(
  "through ten minutes of chaos each answer is explained, and memory stays",
  { timeout: 2 * seconds * 1000 + 60_000 },
  async (t) => {
    t.diagnostic(`seed ${seed}`);
    const levels = new ResidentLevels(t, seconds);
    const figures = await sufferChaos({
      seconds,
      ratePerSecond: 200,
      seed,
      report: levels.report,
    });
    levels.judge(figures);
  },
);
