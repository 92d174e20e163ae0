import { test } from "node:test";

import { announceUploads, assertNoneRefused } from "./announced-uploads.ts";

test("256 uploads that are announced and never sent refuse no good upload", { timeout: 60_000 }, async (t) => {
  const figures = await announceUploads({ uploads: 256, probes: 20 });
  t.diagnostic(JSON.stringify(figures));
  assertNoneRefused(figures);
});
