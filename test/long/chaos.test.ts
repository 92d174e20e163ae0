import assert from "node:assert/strict";
import { test } from "node:test";

import { sufferChaos } from "../journeys/chaos.ts";
import { freshSeed } from "../support/seeded.ts";

/** CHAOS_SECONDS shortens or lengthens it, CHAOS_SEED repeats one; the first tenth is warm-up. */
const seconds = Number(process.env["CHAOS_SECONDS"] ?? 600);
const seed = Number(process.env["CHAOS_SEED"] ?? freshSeed());
const printEverySeconds = 30;

test(
  "through ten minutes of chaos each answer is explained, and memory stays",
  { timeout: 2 * seconds * 1000 + 60_000 },
  async (t) => {
    t.diagnostic(`seed ${seed}`);
    const levels: { second: number; residentMiB: number }[] = [];
    const figures = await sufferChaos({
      seconds,
      ratePerSecond: 200,
      seed,
      report: (level) => {
        levels.push(level);
        if (level.second % printEverySeconds === 0) t.diagnostic(JSON.stringify(level));
      },
    });
    const warm = levelOf(levels.filter(({ second }) => second > seconds / 10 && second <= seconds / 5));
    const last = levelOf(levels.filter(({ second }) => second > 0.9 * seconds));
    t.diagnostic(JSON.stringify({ ...figures, seconds, warmMiB: warm, lastMiB: last }));
    assert.ok(last <= 1.2 * warm, `${last} MiB after ${warm} MiB`);
  },
);

/** The mean over whole cycles of the load: collections come when they come. */
function levelOf(levels: ReadonlyArray<{ readonly residentMiB: number }>): number {
  return Math.round(levels.reduce((sum, { residentMiB }) => sum + residentMiB, 0) / levels.length);
}
