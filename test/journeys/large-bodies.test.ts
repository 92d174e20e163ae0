import { test } from "node:test";

import { moveLargeBodies } from "./large-bodies.ts";

test("large bodies pass both ways at once, whole and in little memory", { timeout: 30_000 }, async () => {
  await moveLargeBodies(16 * 1024 * 1024);
});
