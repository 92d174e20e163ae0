import { test } from "node:test";

import { assertRecovered, hangAndRecover } from "../journeys/hanging-upstream.ts";

test(
  "an upstream hangs for 20 s under 200 requests a second, with every setting at its default",
  {
    timeout: 180_000,
  },
  async (t) => {
    const figures = await hangAndRecover({ ratePerSecond: 200, soundMs: 12_000, hangMs: 20_000, afterMs: 10_000 });
    t.diagnostic(JSON.stringify(figures));
    assertRecovered(figures);
  },
);
