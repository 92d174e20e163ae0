import { test } from "node:test";

import { crowd } from "./websocket-crowd.ts";

test("tunnels that end in every way there is leave nothing behind", { timeout: 30_000 }, async () => {
  await crowd(24, 100_000);
});
