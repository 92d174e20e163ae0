import { test } from "node:test";

import { assertRetries, retriesUnderFailure } from "../journeys/retries-under-failure.ts";

const shapes = [
  { percent: 10, breaks: true },
  { percent: 30, breaks: true },
  { percent: 100, breaks: true },
  { percent: 100, breaks: false },
];

for (const shape of shapes) {
  const before = shape.breaks ? "" : ", by the budget alone";
  test(`200 GETs a second for 30 s, ${shape.percent} % of them failing${before}`, { timeout: 90_000 }, async (t) => {
    const figures = await retriesUnderFailure({ ...shape, ratePerSecond: 200, seconds: 30 });
    t.diagnostic(JSON.stringify(figures));
    assertRetries(figures);
  });
}
