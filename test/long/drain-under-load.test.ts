import { test } from "node:test";

import { drainUnderLoad } from "../journeys/drain-under-load.ts";

test("SIGTERM in 5 s of 200 requests a second", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await drainUnderLoad({ ratePerSecond: 200, seconds: 5 })));
});
