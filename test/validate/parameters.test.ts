import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { Failure } from "../../gateway/failures/failure.ts";
import { readParameterTypes } from "../../gateway/validate/parameter-types.ts";
import { receivedFields } from "../support/exchange-under-test.ts";
import { readQuery, typeHeaders, typePathParameters } from "../../gateway/validate/parameters.ts";

const types = readParameterTypes({
  properties: {
    limit: { type: "integer" },
    price: { type: "number" },
    exact: { type: "boolean" },
    name: { type: "string" },
    ids: { type: "array", items: { type: "integer" } },
    tags: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
    either: { type: ["integer", "null"] },
    level: { enum: [1, 2, 3] },
    fixed: { const: true },
    size: { $ref: "#/definitions/size" },
    wide: { allOf: [{ minimum: 1 }, { $ref: "#/definitions/size" }] },
    escaped: { $ref: "#/definitions/a~1b%20c" },
    gone: { $ref: "#/definitions/missing" },
    loop: { $ref: "#/definitions/loop" },
    nothing: {},
    maybe: { type: "integer", nullable: true },
  },
  definitions: {
    size: { type: "integer" },
    "a/b c": { type: "integer" },
    loop: { anyOf: [{ $ref: "#/definitions/loop" }, { type: "boolean" }] },
  },
});

const queries: Array<[string, Record<string, unknown>]> = [
  ["", {}],
  ["limit=5", { limit: 5 }],
  ["limit=-0", { limit: -0 }],
  ["limit=5.5", { limit: 5.5 }],
  ["limit=05", { limit: "05" }],
  ["limit=0x5", { limit: "0x5" }],
  ["limit=+5", { limit: " 5" }],
  ["limit=", { limit: "" }],
  ["limit", { limit: "" }],
  ["limit=1e999", { limit: "1e999" }],
  ["price=1e2", { price: 100 }],
  ["exact=true&name=true", { exact: true, name: "true" }],
  ["exact=1", { exact: "1" }],
  ["name=5", { name: "5" }],
  ["name=a+b%2Bc%20d", { name: "a b+c d" }],
  ["n%61me=x", { name: "x" }],
  ["name=%2541", { name: "%41" }],
  ["ids=1&ids=2", { ids: [1, 2] }],
  ["ids=1", { ids: [1] }],
  ["ids=x", { ids: ["x"] }],
  ["tags=a", { tags: "a" }],
  ["tags=a&tags=b", { tags: ["a", "b"] }],
  ["either=null", { either: null }],
  ["maybe=null", { maybe: null }],
  ["level=2&fixed=true", { level: 2, fixed: true }],
  ["size=7&wide=8&escaped=9", { size: 7, wide: 8, escaped: 9 }],
  ["gone=1&nothing=2&unknown=3", { gone: "1", nothing: "2", unknown: "3" }],
  ["loop=true", { loop: true }],
  ["unknown=1&unknown=2", { unknown: ["1", "2"] }],
  ["&&limit=5&", { limit: 5 }],
  ["=x", { "": "x" }],
  ["name=a=b", { name: "a=b" }],
];

for (const [query, expected] of queries) {
  test(`?${query} is ${JSON.stringify(expected)} to the schema`, () => {
    const { values, errors } = readQuery(query, types);
    assert.deepEqual(errors, []);
    assert.deepEqual({ ...values }, expected);
  });
}

test("a parameter that is no array and comes twice is an error, by its name", () => {
  const { errors } = readQuery("limit=1&limit=2&name=a&n%61me=b", types);
  assert.deepEqual(
    errors.map(({ parameter, detail }) => [parameter, detail]),
    [
      ["limit", "must be given once"],
      ["name", "must be given once"],
    ],
  );
});

const malformed = (error: unknown) => error instanceof Failure && error.code === "malformed_request";

for (const query of ["a=%zz", "%", "a=%ff", "a=%c3", "%e0%80%80=1"]) {
  test(`?${query} is malformed: its escape cannot be decoded`, () => {
    assert.throws(() => readQuery(query, types), malformed);
  });
}

test("a thousand parameters are read, one more is malformed", () => {
  const query = Array.from({ length: 1000 }, (_, i) => `p${i}=1`).join("&");
  assert.equal(Object.keys(readQuery(query, types).values).length, 1000);
  assert.throws(() => readQuery(`${query}&x=1`, types), malformed);
});

test("a parameter named __proto__ is one like any other", () => {
  const { values } = readQuery("__proto__=x&constructor=y", types);
  assert.deepEqual(Object.entries(values), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
  assert.equal(Object.getPrototypeOf(values), null);
});

test("undeclared parameters have the type of additionalProperties", () => {
  const open = readParameterTypes({ properties: { a: {} }, additionalProperties: { type: "integer" } });
  assert.deepEqual({ ...readQuery("a=1&b=2", open).values }, { a: "1", b: 2 });
});

test("properties are found through references and branches of the whole", () => {
  const joined = readParameterTypes({
    allOf: [{ $ref: "#/$defs/page" }, { properties: { q: { type: "string" } } }],
    $defs: { page: { properties: { limit: { type: "integer" } } } },
  });
  assert.deepEqual({ ...readQuery("limit=1&q=2", joined).values }, { limit: 1, q: "2" });
});

test("path parameters and header fields are typed alike", () => {
  assert.deepEqual({ ...typePathParameters({ limit: "5", name: "5" }, types) }, { limit: 5, name: "5" });
  const fields = receivedFields(["Limit", "5"], ["ids", "1"], ["X-Other", "1"]);
  assert.deepEqual({ ...typeHeaders(fields, types) }, { limit: 5, ids: [1], "x-other": "1" });
});

test("several fields of one name are one list, and cookies that are set stay apart", () => {
  const fields = receivedFields(["X-A", "1"], ["Set-Cookie", "a=1"], ["x-a", "2"], ["Set-Cookie", "b=2"]);
  const cookies = readParameterTypes({ properties: { "set-cookie": { type: "array", items: { type: "string" } } } });
  assert.deepEqual({ ...typeHeaders(fields, cookies) }, { "x-a": "1, 2", "set-cookie": ["a=1", "b=2"] });
});

test("a header field named __proto__ is one like any other", () => {
  const values = typeHeaders(receivedFields(["__proto__", "x"], ["Constructor", "y"]), types);
  assert.deepEqual(Object.entries(values), [
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});

test("untyped, a query reads as URLSearchParams reads it", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "+", "=", "&", " ", "%"), maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 5 }), (pairs) => {
      const query = new URLSearchParams(pairs).toString();
      const { values } = readQuery(query, readParameterTypes({}));
      assert.deepEqual({ ...values }, Object.fromEntries(new URLSearchParams(query)));
    }),
  );
});
