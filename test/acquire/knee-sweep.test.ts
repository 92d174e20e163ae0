import { describe, test } from "node:test";

import { assertFlat } from "./sweep-simulation.ts";

/** With more seeds, longer, and before forty slots: test/long/knee-sweep.test.ts. */
describe("a knee limit keeps goodput and latency flat while the load rises step by step to five times", () => {
  test("every two seconds, before ten slots", () => assertFlat({ slots: 10, seconds: 2, seeds: [1, 2] }));
});
