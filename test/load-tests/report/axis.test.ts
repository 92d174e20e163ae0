import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import { linearAxis, logAxis, placeOn, timeAxis } from "../../../load-tests/report/axis.ts";

const seed = 20_260_105;

describe("an axis", () => {
  test("has round ticks from 0 to at least the maximum", () => {
    assert.deepEqual(linearAxis(2500, 5).ticks, [0, 500, 1000, 1500, 2000, 2500]);
    assert.deepEqual(linearAxis(97, 5).ticks, [0, 20, 40, 60, 80, 100]);
    assert.deepEqual(linearAxis(0.03, 5).ticks, [0, 0.01, 0.02, 0.03]);
    assert.deepEqual(linearAxis(0).ticks.at(-1), 1);
  });

  test("ends with the last second, and has no tick beyond it", () => {
    const axis = timeAxis(29.5);
    assert.equal(axis.to, 29.5);
    assert.deepEqual(axis.ticks, [0, 5, 10, 15, 20, 25]);
  });

  test("by factors has powers of ten, and 2 and 5 of each where they are few", () => {
    assert.deepEqual(logAxis([20, 950]).ticks, [20, 50, 100, 200, 500, 1000]);
    assert.deepEqual(logAxis([0.3, 80_000]).ticks, [1, 10, 100, 1000, 10_000, 100_000]);
    assert.deepEqual(logAxis([]).ticks, [1, 2, 5, 10]);
  });

  test(`covers any values, its ticks rising and on it (seed ${seed})`, () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, (all) => {
        for (const axis of [linearAxis(Math.max(...all)), logAxis(all)]) {
          for (const value of all) {
            const place = placeOn(axis, value);
            assert.ok(place >= -1e-9 && place <= 1 + 1e-9, `${value} lies at ${place}`);
          }
          assert.ok(axis.ticks.length >= 2 && axis.ticks.length <= 12, axis.ticks.join(" "));
          for (const [index, tick] of axis.ticks.entries()) {
            assert.ok(tick >= axis.from && tick <= axis.to);
            assert.ok(index === 0 || tick > (axis.ticks[index - 1] ?? Infinity));
          }
        }
      }),
      { seed },
    );
  });
});
