import assert from "node:assert/strict";
import { test } from "node:test";

import { compare, tableOf } from "./differential.ts";

const streams = 20_000;
const seed = 20_261_129;

for (const direction of ["requests", "responses"] as const) {
  test(`${streams} streams of ${direction} are read as node:http reads them, or refused by a rule`, (t) => {
    const comparison = compare({ direction, streams, seed });
    t.diagnostic(`seed ${seed}\n${tableOf(comparison)}`);
    // The streams must not all be refused: then nothing would have been compared.
    assert.ok(comparison.messages > streams / 4, `${comparison.messages} messages`);
    assert.ok(comparison.endings.size > 20, `${comparison.endings.size} endings`);
  });
}
