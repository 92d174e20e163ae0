import { test } from "node:test";

import { playSequences } from "./fault-sequences.ts";

test("random sequences of upstream faults keep the map's invariants", { timeout: 60_000 }, async (t) => {
  const figures = await playSequences({ runs: 25, seed: 20_261_120 });
  t.diagnostic(JSON.stringify(figures));
});
