import { test } from "node:test";

import { assertServed, stalls, stallUploads } from "../journeys/stalled-uploads.ts";

// Longer than `listen.bodyGrace`, which ends stalled uploads by itself.
test(
  "more stalled uploads than there are permits take the upstream from nobody for longer than a second, watched for 30 s",
  { timeout: 120_000 },
  async (t) => {
    const figures = await stallUploads({ probes: 600 });
    for (const { name } of stalls) {
      await t.test(`that stall ${name}`, (one) => {
        one.diagnostic(JSON.stringify(figures[name]));
        assertServed(figures[name] ?? []);
      });
    }
  },
);
