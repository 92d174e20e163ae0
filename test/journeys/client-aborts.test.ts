import { test } from "node:test";

import { abortClients } from "./client-aborts.ts";

test("clients that leave while the upstream hangs leave nothing behind", { timeout: 20_000 }, async () => {
  await abortClients(100);
});
