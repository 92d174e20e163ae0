import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import type { Unit } from "../../gateway/config/duration.ts";

import { formatMeasure, measures, parseMeasure } from "../../gateway/config/duration.ts";

test("durations are milliseconds", () => {
  assert.deepEqual(
    ["0ms", "250ms", "5s", "2m", "1h"].map((text) => parseMeasure("duration", text)),
    [0, 250, 5000, 120_000, 3_600_000],
  );
});

test("sizes are bytes, in powers of 1024", () => {
  assert.deepEqual(
    ["0B", "512B", "64KiB", "1MiB", "2GiB"].map((text) => parseMeasure("size", text)),
    [0, 512, 65_536, 1_048_576, 2_147_483_648],
  );
});

test("rates are fractions, exactly", () => {
  assert.deepEqual(
    ["50%", "0.5%", "57%", "100%"].map((text) => parseMeasure("rate", text)),
    [0.5, 0.005, 0.57, 1],
  );
});

test("takes nothing that could be read in two ways", () => {
  const others: Readonly<Record<Unit, readonly string[]>> = {
    duration: ["", "5", "s", "-5s", "1.5s", "5 s", "5S", "5sec", "1m30s", "1d", "5%", "9999999999999999999h"],
    size: ["", "64", "64K", "64KB", "64kib", "1.5MiB", "-1B", "5s"],
    rate: ["", "50", "0.5", "-1%", "50 %", ".5%", "5.%", "50ms"],
  };
  for (const [unit, texts] of Object.entries(others)) {
    for (const text of texts) assert.equal(parseMeasure(unit as Unit, text), undefined, `${unit} '${text}'`);
  }
});

test("formats in the largest unit that fits", () => {
  assert.deepEqual(
    [0, 90_000, 120_000, 1500].map((value) => formatMeasure("duration", value)),
    ["0ms", "90s", "2m", "1500ms"],
  );
  assert.deepEqual(
    [0, 1000, 65_536, 1_048_576].map((value) => formatMeasure("size", value)),
    ["0B", "1000B", "64KiB", "1MiB"],
  );
  assert.deepEqual(
    [0.5, 0.57, 0.005].map((value) => formatMeasure("rate", value)),
    ["50%", "57%", "0.5%"],
  );
});

test("what is formatted is read back as it was, and is what editors accept", () => {
  const units: Unit[] = ["duration", "size"];
  fc.assert(
    fc.property(fc.constantFrom(...units), fc.nat({ max: 2 ** 40 }), (unit, value) => {
      const text = formatMeasure(unit, value);
      assert.equal(parseMeasure(unit, text), value);
      assert.match(text, new RegExp(measures[unit].pattern));
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (tenths) => {
      const text = `${tenths / 10}%`;
      assert.equal(formatMeasure("rate", parseMeasure("rate", text) ?? Number.NaN), text);
    }),
  );
});
