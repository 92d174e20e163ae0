import { test } from "node:test";

import { freshSeed } from "../support/seeded.ts";
import { compare, tableOf } from "../http1/differential.ts";

const streams = 1_000_000;
/** DIFFERENTIAL_SEED repeats a run. */
const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? freshSeed());

for (const direction of ["requests", "responses"] as const) {
  test(`${streams} streams of ${direction} are read as node:http reads them`, { timeout: 600_000 }, (t) => {
    t.diagnostic(`seed ${seed}`);
    const before = performance.now();
    const table = tableOf(compare({ direction, streams, seed }));
    t.diagnostic(`${table}\nin ${Math.round((performance.now() - before) / 1000)} s`);
  });
}
