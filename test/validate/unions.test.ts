import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import { findDiscriminator } from "../../gateway/validate/discriminator.ts";
import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { compile, tryCompile } from "./compiled.ts";
import { plainAjv } from "./plain-ajv.ts";
import { asJson, schemas, tagDefinitions, values } from "./random-schemas.ts";

const drafts = {
  "draft-07": undefined,
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
} as const;

describe("a schema of any keywords", () => {
  for (const draft of ["draft-07", "2019-09", "2020-12"] as const) {
    test(`has the verdict of ajv (${draft})`, () => {
      let checked = 0;
      fc.assert(
        fc.property(schemas, schemas, fc.array(values, { minLength: 8, maxLength: 8 }), (schema, other, samples) => {
          const $schema = drafts[draft];
          const definitions = { ...tagDefinitions, other };
          const whole = asJson({ $schema, allOf: [schema], definitions }) as object;
          const check = tryCompile(whole);
          // What refers to itself without end, or breaks the meta-schema, is no schema.
          if (check === undefined) return;
          const plain = plainAjv(draft, whole);
          for (const sample of samples) {
            const isValid = plain.quick(sample);
            const what = `${JSON.stringify(whole)} on ${JSON.stringify(sample)}`;
            assert.equal(check.quick(sample), isValid, what);
            assert.equal(check.thorough(sample), isValid, what);
            checked += 1;
          }
        }),
        { numRuns: 120, seed: 1 },
      );
      assert.ok(checked > 700, String(checked));
    });
  }
});

function shape(kind: unknown, more: Record<string, unknown> = {}): object {
  return { type: "object", required: ["kind"], properties: { kind: { const: kind }, ...more } };
}

function told(schema: unknown, value: unknown, bytes = 0): Array<[string, string]> {
  return findErrors(compile(schema), value, bytes).map(({ instancePath, keyword }) => [instancePath, keyword]);
}

describe("a union that a property tells apart", () => {
  const schema = { items: { oneOf: [shape("a", { size: { minimum: 5 } }), shape("b", { size: { maximum: 5 } })] } };

  test("tells the errors of the branch that is selected, and no others", () => {
    assert.deepEqual(told(schema, [{ kind: "a", size: 1 }]), [
      ["/0/size", "minimum"],
      ["/0", "oneOf"],
    ]);
    assert.deepEqual(told(schema, [{ kind: "b", size: 9 }]), [
      ["/0/size", "maximum"],
      ["/0", "oneOf"],
    ]);
  });

  test("points at the property where no branch is selected", () => {
    for (const value of [{ kind: "c" }, { kind: ["a"] }, { size: 1 }, {}]) {
      assert.deepEqual(told(schema, [value])[0], ["/0/kind", "oneOf"], JSON.stringify(value));
    }
  });

  test("judges by every branch what is no object", () => {
    assert.deepEqual(told(schema, [[]]), [
      ["/0", "type"],
      ["/0", "type"],
      ["/0", "oneOf"],
    ]);
    const open = (kind: string) => ({ required: ["kind"], properties: { kind: { const: kind } } });
    assert.equal(findErrors(compile({ anyOf: [open("a"), open("b")] }), "text", 0).length, 0);
    const [error] = findErrors(compile({ oneOf: [open("a"), open("b"), open("c")] }), "text", 0);
    assert.deepEqual(error?.params, { passingSchemas: [0, 1] });
  });

  test("may have null beside its objects", () => {
    const check = compile({ oneOf: [shape("a"), shape("b"), { type: "null" }] });
    assert.deepEqual(findErrors(check, null, 0), []);
    assert.deepEqual(findErrors(check, { kind: "b" }, 0), []);
    assert.equal(findErrors(check, { kind: null }, 0).length > 0, true);
  });

  test("leaves to unevaluatedProperties what the branch has evaluated", () => {
    const branches = [shape("a", { x: {} }), shape("b", { y: {} })];
    const union = { $schema: drafts["2020-12"], anyOf: branches, unevaluatedProperties: false };
    assert.deepEqual(told(union, { kind: "a", x: 1 }), []);
    assert.deepEqual(told(union, { kind: "b", y: 1 }), []);
    assert.deepEqual(told(union, { kind: "b", x: 1 }), [["", "unevaluatedProperties"]]);
  });
});

describe("a discriminator", () => {
  const none = () => undefined;
  const propertyOf = (branches: unknown[], resolve: (reference: string) => unknown = none) =>
    findDiscriminator(branches, resolve)?.property;

  test("is a property that each branch requires and gives scalars of its own", () => {
    assert.equal(propertyOf([shape("a"), shape(1), shape(null), shape(true)]), "kind");
    const enums = [["a", "b"], ["c"]].map((kinds) => ({
      required: ["x", "t"],
      properties: { x: {}, t: { enum: kinds } },
    }));
    assert.deepEqual(
      [...(findDiscriminator(enums, none)?.branches ?? [])],
      [
        ["a", 0],
        ["b", 0],
        ["c", 1],
      ],
    );
  });

  test("is found in what branches include", () => {
    const targets: Record<string, unknown> = {
      "#/a": { allOf: [{ $ref: "#/base" }, shape("a")] },
      "#/kind": { enum: ["b"] },
    };
    const branches = [
      { $ref: "#/a" },
      { allOf: [{ required: ["kind"] }, { properties: { kind: { $ref: "#/kind" } } }] },
    ];
    assert.equal(
      propertyOf(branches, (reference) => targets[reference]),
      "kind",
    );
  });

  test("ends where references go round in a circle", () => {
    assert.equal(
      propertyOf([{ $ref: "#" }, shape("a")], () => ({ $ref: "#" })),
      undefined,
    );
  });

  const others: Array<[string, unknown[]]> = [
    ["two branches give the same value", [shape("a"), shape("b"), shape("a")]],
    ["numbers are equal", [shape(0), shape(-0)]],
    ["one does not require it", [shape("a"), { type: "object", properties: { kind: { const: "b" } } }]],
    ["one gives it an object", [shape("a"), shape({})]],
    ["one gives it no value", [shape("a"), { required: ["kind"], properties: { kind: { type: "string" } } }]],
    ["one allows any object", [shape("a"), shape("b"), true]],
    ["one branch alone is for objects", [shape("a"), { type: "string" }, { enum: [1, null] }]],
    [
      "it has the name that ajv ignores",
      ["a", "b"].map((kind) => ({
        required: ["__proto__"],
        properties: JSON.parse(`{"__proto__":{"const":"${kind}"}}`) as object,
      })),
    ],
    ["a reference cannot be resolved", [{ $ref: "#/x" }, shape("b")]],
  ];
  for (const [reason, branches] of others) {
    test(`is none where ${reason}`, () => assert.equal(propertyOf(branches), undefined));
  }

  test("is not read through a schema with another base", () => {
    const foreign = { $id: "https://schemas.test/other", definitions: { a: shape("a") }, ...shape("a") };
    const schema = {
      definitions: { foreign, b: shape("b") },
      anyOf: [{ $ref: "#/definitions/foreign/definitions/a" }, { $ref: "#/definitions/b" }],
    };
    const check = compile(schema);
    assert.deepEqual(findErrors(check, { kind: "a" }, 0), []);
    assert.equal(findErrors(check, { kind: "c" }, 0).at(-1)?.keyword, "anyOf");
  });
});

describe("a union of large branches", () => {
  const fields = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, { type: "string", maxLength: 3 }]));
  const branch = (i: number, id: object = { type: "integer" }) => ({
    type: "object",
    required: ["id"],
    properties: { id, ...fields, [`only${i}`]: { type: "boolean" } },
    additionalProperties: false,
  });
  const times8 = <T>(make: (i: number) => T) => Array.from({ length: 8 }, (_, i) => make(i));
  const branches = times8((i) => branch(i));
  const samples = [
    { id: 1, only3: true },
    { id: 1 },
    { id: 1, f0: "long" },
    { id: "x" },
    {},
    [],
    { id: 1, only9: true },
  ];

  for (const keyword of ["oneOf", "anyOf"]) {
    for (const [what, schema] of [
      ["in place", { items: { [keyword]: branches } }],
      [
        "by reference",
        {
          items: { [keyword]: branches.map((_, i) => ({ $ref: `#/definitions/b${i}` })) },
          definitions: Object.fromEntries(branches.map((each, i) => [`b${i}`, each])),
        },
      ],
    ] as const) {
      test(`tells the errors that ajv tells (${keyword}, ${what})`, () => {
        const check = compile(schema);
        const plain = plainAjv("draft-07", schema);
        for (const sample of samples) {
          assert.equal(check.quick([sample]), plain.quick([sample]), JSON.stringify(sample));
          assert.deepEqual(check.quick.errors, plain.quick.errors, JSON.stringify(sample));
          assert.equal(check.thorough([sample]), plain.thorough([sample]), JSON.stringify(sample));
          assert.deepEqual(check.thorough.errors, plain.thorough.errors);
        }
      });
    }
  }

  test("evaluates for unevaluatedProperties what its branches do", () => {
    const open = branches.map(({ additionalProperties: _, ...rest }) => rest);
    const schema = { $schema: drafts["2019-09"], anyOf: open, unevaluatedProperties: false };
    assert.deepEqual(told(schema, { id: 1, only3: true, f0: "a" }), []);
    assert.deepEqual(told(schema, { id: 1, only9: true }), [["", "unevaluatedProperties"]]);
  });

  test("may refer back to the whole", () => {
    const schema = { anyOf: [{ type: "null" }, ...times8((i) => branch(i, { $ref: "#" }))] };
    assert.deepEqual(told(schema, { id: { id: null, only1: true }, only7: false }), []);
    assert.ok(told(schema, { id: { id: null, only9: true } }).length > 0);
  });
});
