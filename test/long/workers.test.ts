import { test } from "node:test";

import { drainUnderLoad } from "../journeys/drain-under-load.ts";
import { killUnderLoad } from "../journeys/workers.ts";

test("SIGTERM of two workers in 5 s of 200 requests a second", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await drainUnderLoad({ ratePerSecond: 200, seconds: 5, workers: 2 })));
});

test("kill -9 of one of two workers in 6 s of 200 requests a second", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await killUnderLoad({ ratePerSecond: 200, seconds: 3, withinMs: 1000 })));
});
