import { describe, test } from "node:test";

import { assertFlat } from "./sweep-twin.ts";

const seeds = [1, 2, 3, 4, 5, 6];

/** With more seeds, and every eight seconds before forty slots: test/long/knee-sweep.test.ts. */
describe("a knee limit keeps goodput and latency flat while the load rises step by step to five times", () => {
  test("every two seconds, before ten slots", () => assertFlat({ slots: 10, seconds: 2, seeds }));

  test("every eight seconds, before ten slots", () => assertFlat({ slots: 10, seconds: 8, seeds: seeds.slice(0, 3) }));

  test("every two seconds, before forty slots", () => assertFlat({ slots: 40, seconds: 2, seeds: seeds.slice(0, 3) }));
});
