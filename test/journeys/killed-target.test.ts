import { test } from "node:test";

import { assertUnnoticed, killAndRestart } from "./killed-target.ts";

test("no client notices that one of three targets is killed and started again", { timeout: 30_000 }, async (t) => {
  const figures = await killAndRestart({
    ratePerSecond: 150,
    soundMs: 1500,
    goneMs: 800,
    afterMs: 3000,
    slowStartMs: 1000,
    upstream: {
      health: { interval: "200ms", timeout: "200ms", unhealthyAfter: 3, healthyAfter: 2 },
      breaker: { window: "1s", minimumRequests: 5, open: "300ms", maxOpen: "1s", ramp: "500ms" },
    },
  });
  t.diagnostic(JSON.stringify(figures));
  assertUnnoticed(figures, 0.1);
});
