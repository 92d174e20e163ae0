import assert from "node:assert/strict";
import { test } from "node:test";

import { attackPatterns } from "./evil-patterns.ts";

test("no pattern lets a hostile text hold the event loop", { timeout: 60_000 }, async (t) => {
  const figures = await attackPatterns({ seed: Date.now() % 1e9, generated: 12, bytes: 64 * 1024 });
  t.diagnostic(JSON.stringify(figures));
  // The bound of 50 ms is for the full-size run, alone on its machine; an exponential pattern would take years.
  assert.ok(figures.computingMs < 500, `${figures.computingMs} ms`);
});
