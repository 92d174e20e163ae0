import { test } from "node:test";

import { assertUnnoticed, killAndRestart } from "../journeys/killed-target.ts";

test(
  "one of three targets is killed for 20 s and restarted under 300 requests a second, every setting at its default",
  { timeout: 180_000 },
  async (t) => {
    const figures = await killAndRestart({
      ratePerSecond: 300,
      soundMs: 10_000,
      goneMs: 20_000,
      afterMs: 20_000,
      slowStartMs: 10_000,
    });
    t.diagnostic(JSON.stringify(figures));
    assertUnnoticed(figures, 0.05);
  },
);
