import assert from "node:assert/strict";
import { test } from "node:test";

import { sufferHostility } from "../journeys/hostile-traffic.ts";
import { freshSeed } from "../support/seeded.ts";

/** SOAK_SECONDS shortens or lengthens it; the first fifth is warm-up. */
const seconds = Number(process.env["SOAK_SECONDS"] ?? 600);
const reportSeconds = Math.max(1, Math.min(5, Math.floor(seconds / 60)));
const printEverySeconds = 30;

test(
  "resident memory after the soak is within 20 % of the level after warm-up",
  { timeout: 2 * seconds * 1000 + 60_000 },
  async (t) => {
    const seed = freshSeed();
    t.diagnostic(`seed ${seed}`);
    const levels: { second: number; residentMiB: number }[] = [];
    const figures = await sufferHostility({
      seconds,
      ratePerSecond: 30,
      seed,
      holdMs: 3000,
      reportSeconds,
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

/** The mean over a while: collections come when they come. */
function levelOf(levels: ReadonlyArray<{ readonly residentMiB: number }>): number {
  return Math.round(levels.reduce((sum, { residentMiB }) => sum + residentMiB, 0) / levels.length);
}
