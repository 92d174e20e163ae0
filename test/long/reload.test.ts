import { test } from "node:test";

import { reloadUnderLoad } from "../journeys/reload.ts";

test("100 reloads under 300 requests a second, one in five of them broken", { timeout: 120_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await reloadUnderLoad({ reloads: 100, ratePerSecond: 300 })));
});
