import { test } from "node:test";

import { uploadSlowly } from "./slow-uploads.ts";

test("slow uploads to a validated route keep nobody waiting", { timeout: 20_000 }, async () => {
  await uploadSlowly({ uploads: 20, limit: 10 });
});
