import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { SchemaCheck } from "../../gateway/validate/schema-check.ts";

import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { WorkExceeded } from "../../gateway/validate/work-meter.ts";
import { compile, tryCompile } from "./compiled.ts";
import { plainAjv } from "./plain-ajv.ts";
import { asJson, compounds, enums, scalars, values } from "./random-schemas.ts";

function accepts(check: SchemaCheck, value: unknown): boolean {
  return findErrors(check, value, 0).length === 0;
}

const many = Array.from({ length: 50 }, (_, i) => `value-${i}`);

describe("an enum", () => {
  test("of many values allows these alone", () => {
    const check = compile({ enum: [...many, 1, true, null] });
    for (const value of ["value-0", "value-49", 1, true, null]) assert.ok(accepts(check, value), JSON.stringify(value));
    for (const value of ["value-50", "1", "true", "null", 2, false, 0, [], {}, ["value-0"]]) {
      assert.ok(!accepts(check, value), JSON.stringify(value));
    }
  });

  test("compares numbers by value: 1 is 1.0, and 0 is -0", () => {
    const check = compile({ enum: [...many, 1, 0] });
    for (const text of ["1", "1.0", "1e0", "10e-1", "0", "-0", "0.0", "-0e5"]) {
      assert.ok(accepts(check, JSON.parse(text)), text);
    }
  });

  test("compares objects and arrays by value, members in any order", () => {
    const check = compile({ enum: ["a", { a: 1, b: [0, { c: null }] }, [], [[1]]] });
    for (const text of ['{"b":[-0,{"c":null}],"a":1.0}', "[]", "[[1]]", '"a"']) {
      assert.ok(accepts(check, JSON.parse(text)), text);
    }
    for (const text of [
      "{}",
      '{"a":1}',
      '{"a":1,"b":[0,{"c":null}],"d":1}',
      "[1]",
      "[[]]",
      '[["1"]]',
      "[[1],[1]]",
      '{"0":1}',
    ]) {
      assert.ok(!accepts(check, JSON.parse(text)), text);
    }
  });

  test("tells the values it allows", () => {
    const schema = { properties: { kind: { enum: many } } };
    const [error] = findErrors(compile(schema), { kind: "x" }, 0);
    assert.deepEqual(
      [error?.keyword, error?.instancePath, error?.schemaPath, error?.params],
      ["enum", "/kind", "#/properties/kind/enum", { allowedValues: many }],
    );
  });

  for (const draft of ["draft-07", "2020-12"] as const) {
    test(`has the verdict and the errors of ajv (${draft})`, () => {
      const $schema = draft === "draft-07" ? {} : { $schema: "https://json-schema.org/draft/2020-12/schema" };
      const properties = fc.oneof(
        enums,
        fc.oneof(scalars, compounds).map((value) => ({ const: value })),
      );
      fc.assert(
        fc.property(properties, fc.array(values, { minLength: 10, maxLength: 20 }), (property, samples) => {
          const schema = JSON.parse(JSON.stringify({ ...$schema, items: property })) as object;
          const check = tryCompile(schema);
          assert.ok(check);
          const plain = plainAjv(draft, schema);
          const allowed = asJson("enum" in property ? property.enum : [property.const]);
          for (const sample of [...samples.map((value) => [value]), samples, allowed]) {
            assert.equal(check.quick(sample), plain.quick(sample));
            assert.deepEqual(check.quick.errors, plain.quick.errors);
            assert.equal(check.thorough(sample), plain.thorough(sample));
            assert.deepEqual(check.thorough.errors, plain.thorough.errors);
          }
        }),
        { numRuns: 120, seed: 1 },
      );
    });
  }
});

describe("a value that is compared with an object of the schema", () => {
  test("may have members that objects inherit", () => {
    const checks = [compile({ enum: [{}, { valueOf: 1 }] }), compile({ const: { valueOf: 1 } })];
    for (const check of checks) {
      for (const name of ["toString", "constructor", "hasOwnProperty"]) assert.ok(!accepts(check, { [name]: 1 }), name);
      assert.ok(accepts(check, { valueOf: 1 }));
    }
  });

  test("is charged for its members, however many it is compared with", () => {
    const check = compile({ not: { enum: Array.from({ length: 100 }, (_, i) => ({ a: i })) } });
    const wide = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`m${i}`, i]));
    assert.ok(accepts(check, wide));
    assert.throws(() => findErrors(check, { ...wide, a: 5 }, 0), WorkExceeded);
  });

  test("is charged for the comparison with a long array", () => {
    const long = Array.from({ length: 1000 }, (_, i) => i);
    const check = compile({ items: { const: long } });
    assert.ok(accepts(check, [long, long]));
    assert.throws(
      () =>
        findErrors(
          check,
          Array.from({ length: 1000 }, () => long),
          0,
        ),
      WorkExceeded,
    );
  });
});
