import { test } from "node:test";

import { abortClients } from "../journeys/client-aborts.ts";

test("1,000 clients leave at once while the upstream hangs", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await abortClients(1000)));
});
