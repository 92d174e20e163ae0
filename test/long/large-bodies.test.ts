import { test } from "node:test";

import { moveLargeBodies } from "../journeys/large-bodies.ts";

test("100 MB up and 100 MB down at once", { timeout: 120_000 }, async (t) => {
  t.diagnostic(JSON.stringify(await moveLargeBodies(100_000_000)));
});
