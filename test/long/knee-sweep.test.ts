import { test } from "node:test";

import { assertFlat } from "../acquire/sweep-simulation.ts";

const seeds = [1, 2, 3, 4, 5, 6];

for (const slots of [10, 40]) {
  for (const seconds of [2, 8]) {
    test(`a knee limit before ${slots} slots keeps goodput and latency flat while the load rises every ${seconds} s`, () =>
      assertFlat({ slots, seconds, seeds }));
  }
}
