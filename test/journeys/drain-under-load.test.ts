import { test } from "node:test";

import { drainUnderLoad } from "./drain-under-load.ts";

test("SIGTERM under load fails no request that was accepted", { timeout: 20_000 }, async () => {
  await drainUnderLoad({ ratePerSecond: 100, seconds: 2.5 });
});
