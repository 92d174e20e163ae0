import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Measured } from "./measure-work.ts";

import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { WorkExceeded, WorkMeter } from "../../gateway/validate/work-meter.ts";
import { compile } from "./compiled.ts";
import { workCases } from "./work-cases.ts";

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

describe("the loop is held within its bound by", () => {
  let measured: Readonly<Record<string, Measured>> = {};
  before(async () => {
    const script = fileURLToPath(new URL("measure-work.ts", import.meta.url));
    const env = { ...process.env, NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined };
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    measured = JSON.parse(stdout) as Record<string, Measured>;
  });

  for (const [name, { verdict, maxMs }] of Object.entries(workCases)) {
    test(`${name}: ${verdict}, ${maxMs} ms`, () => {
      const { ms, slowness, verdict: seen } = measured[name] ?? { ms: Infinity, slowness: 1, verdict: "not measured" };
      assert.equal(seen, verdict);
      assert.ok(ms <= maxMs * slowness, `${ms} ms on a machine ${slowness.toFixed(1)} times as slow`);
    });
  }
});

describe("ordinary items of a megabyte are accepted against", () => {
  const nullable = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
  const order = (i: number) => ({
    type: "object",
    required: ["id", `only${i}`],
    properties: { id: { type: "string", format: "uuid" }, note: nullable({ type: "string" }), [`only${i}`]: true },
  });
  const id = "123e4567-e89b-12d3-a456-426614174000";
  const json = {
    oneOf: [
      ...["null", "boolean", "string", "number"].map((type) => ({ type })),
      { type: "array", items: { $ref: "#" } },
      { type: "object", additionalProperties: { $ref: "#" } },
    ],
  };
  const map = { propertyNames: { pattern: "^[a-z0-9.]+$" }, additionalProperties: { type: "string" } };
  const cases: Array<[string, object, unknown]> = [
    [
      "a union of five",
      { items: { oneOf: times(5, order) } },
      times(15_000, (i) => ({ id, [`only${i % 5}`]: 1, note: null })),
    ],
    ["any JSON", json, times(20_000, (i) => ({ name: `item ${i}`, tags: ["a", "b"], price: i + 0.5 }))],
    ["numbers or null", { items: nullable({ type: "number" }) }, times(50_000, (i) => Math.sin(i))],
    ["a map", map, Object.fromEntries(times(20_000, (i) => [`label.${i}`, `Some text of some length ${i}`]))],
  ];
  for (const [what, schema, value] of cases) {
    test(what, () => assert.deepEqual(findErrors(compile(schema), value, 1024 * 1024), []));
  }
});

describe("work", () => {
  test("is refused where it exceeds the steps that are counted", () => {
    const meter = new WorkMeter();
    meter.begin(10);
    meter.charge(10);
    assert.throws(() => meter.charge(1), { name: "WorkExceeded", code: "schema_work" });
    meter.begin(10);
    assert.throws(() => meter.exhaust(), WorkExceeded);
    assert.throws(() => meter.charge(1), WorkExceeded);
    meter.end();
    meter.charge(1_000_000);
  });

  test("is the same for the same body, however often it was checked before", () => {
    const schema = { items: { anyOf: times(20, (i) => ({ required: [`p${i}`] })) } };
    const longest = (check: ReturnType<typeof compile>): number => {
      let [low, high] = [0, 100_000];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        try {
          findErrors(
            check,
            times(middle, () => ({ p19: 1 })),
            0,
          );
          low = middle;
        } catch {
          high = middle;
        }
      }
      return low;
    };
    const check = compile(schema);
    const cold = longest(check);
    assert.ok(cold > 1000 && cold < 100_000, String(cold));
    assert.equal(longest(check), cold);
    assert.equal(longest(compile(schema)), cold);
  });
});
