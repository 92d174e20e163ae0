import { test } from "node:test";

import { assertRetries, retriesUnderFailure } from "./retries-under-failure.ts";

const shapes = [
  { percent: 10, seconds: 2 },
  { percent: 30, seconds: 3 },
  { percent: 100, seconds: 2, breaks: false },
];

for (const shape of shapes) {
  test(`retries of an upstream of which ${shape.percent} % fails`, { timeout: 20_000 }, async (t) => {
    const figures = await retriesUnderFailure({ ...shape, ratePerSecond: 400 });
    t.diagnostic(JSON.stringify(figures));
    assertRetries(figures);
  });
}
