import { test } from "node:test";

import { assertServed, stalls, stallUploads } from "./stalled-uploads.ts";

test(
  "more stalled uploads than there are permits take the upstream from nobody for longer than a second",
  { timeout: 60_000 },
  async (t) => {
    const figures = await stallUploads({ probes: 60 });
    for (const { name } of stalls) {
      await t.test(`that stall ${name}`, (one) => {
        one.diagnostic(JSON.stringify(figures[name]));
        assertServed(figures[name] ?? []);
      });
    }
  },
);
