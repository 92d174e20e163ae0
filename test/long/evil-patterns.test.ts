import assert from "node:assert/strict";
import { test } from "node:test";

import { attackPatterns } from "../journeys/evil-patterns.ts";

test(
  "ten known catastrophic patterns and 60 of their kind, against texts of 1 MiB",
  { timeout: 300_000 },
  async (t) => {
    const figures = await attackPatterns({ seed: Date.now() % 1e9, generated: 60, bytes: 1024 * 1024 });
    t.diagnostic(JSON.stringify(figures));
    assert.ok(figures.computingMs <= 50, `the loop was held for ${figures.computingMs} ms`);
  },
);
