import { test } from "node:test";

import { floodQuota } from "../journeys/rate-limits.ts";

test("one client at 20 times its quota of 100 a second, for 20 s", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await floodQuota({ requestsPerSecond: 100, burst: 50, seconds: 20 })));
});
