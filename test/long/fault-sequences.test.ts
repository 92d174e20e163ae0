import { test } from "node:test";

import { playSequences } from "../journeys/fault-sequences.ts";

test("500 random sequences of upstream faults keep the map's invariants", { timeout: 600_000 }, async (t) => {
  const seed = Math.trunc(Math.random() * 0x7fff_ffff);
  t.diagnostic(`seed ${seed}`);
  t.diagnostic(JSON.stringify(await playSequences({ runs: 500, seed })));
});
