import { test } from "node:test";

import { announceUploads, assertNoneRefused } from "../journeys/announced-uploads.ts";

test(
  "256 uploads that are announced again and again for 30 s refuse no good upload",
  { timeout: 120_000 },
  async (t) => {
    const figures = await announceUploads({ uploads: 256, probes: 150 });
    t.diagnostic(JSON.stringify(figures));
    assertNoneRefused(figures);
  },
);
