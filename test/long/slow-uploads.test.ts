import { test } from "node:test";

import { uploadSlowly } from "../journeys/slow-uploads.ts";

test("200 slow uploads to a validated route whose upstream has 100 permits", { timeout: 60_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await uploadSlowly({ uploads: 200, limit: 100 })));
});
