import type { Arbitrary } from "fast-check";

import * as fc from "fast-check";

const types = ["string", "integer", "number", "boolean", "null", "array", "object"];
const names = fc.constantFrom("a", "b", "$ref", "type", "__proto__", "constructor", "x/y", "$id");
const texts = fc.constantFrom("", "a", "^a+$", "a|b", "(", "(a+)+b$", "\\-", "date", "uuid", "int32", "nothing", "#");
const numbers = fc.constantFrom(0, 1, 2, -1, 1.5, 1e21, 100);
const junk = fc.constantFrom<unknown>(null, true, 0, -1, "a", [], {}, ["a", "a"], [1], { $id: "x" }, { type: 1 });
const references = fc.constantFrom(
  ...(
    "# #/definitions/a #/definitions/b #/$defs/a #/properties/a #/properties #/allOf/0 #a #/definitions/none other.json" +
    " #/definitions/x~1y https://schemas.test/x #/enum/0"
  ).split(" "),
);

/** Mostly what the keyword wants, now and then anything else. */
function mostly<Value>(value: Arbitrary<Value>): Arbitrary<unknown> {
  return fc.oneof({ weight: 40, arbitrary: value }, { weight: 1, arbitrary: junk });
}

function keywordValues(schema: Arbitrary<unknown>): Readonly<Record<string, Arbitrary<unknown>>> {
  const list = fc.array(schema, { minLength: 1, maxLength: 2 });
  const members = fc.dictionary(names, schema, { maxKeys: 3 });
  return {
    enum: fc.array(junk, { maxLength: 3 }),
    const: junk,
    minimum: numbers,
    maximum: numbers,
    exclusiveMinimum: numbers,
    multipleOf: numbers,
    minLength: fc.nat(3),
    maxLength: fc.nat(3),
    pattern: texts,
    format: texts,
    minItems: fc.nat(3),
    maxItems: fc.nat(3),
    uniqueItems: fc.boolean(),
    items: fc.oneof(schema, schema, list),
    contains: schema,
    minContains: fc.nat(2),
    additionalItems: schema,
    prefixItems: list,
    minProperties: fc.nat(3),
    maxProperties: fc.nat(3),
    required: fc.uniqueArray(names, { maxLength: 2 }),
    properties: members,
    patternProperties: fc.dictionary(texts, schema, { maxKeys: 2 }),
    additionalProperties: schema,
    propertyNames: schema,
    dependentRequired: fc.constant({ a: ["b"] }),
    unevaluatedProperties: schema,
    allOf: list,
    anyOf: list,
    oneOf: list,
    not: schema,
    definitions: members,
    $defs: members,
    title: texts,
    default: junk,
    examples: fc.array(junk, { maxLength: 2 }),
    readOnly: fc.boolean(),
    deprecated: fc.boolean(),
    nullable: fc.boolean(),
    unknown: junk,
    $anchor: fc.constantFrom("a", "b"),
    $comment: texts,
    $id: fc.constantFrom("inner", "https://schemas.test/x"),
  };
}

const fitting: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "multipleOf"],
  number: ["minimum", "maximum", "format"],
  array: ["minItems", "maxItems", "uniqueItems", "items", "contains"],
  object: ["minProperties", "required", "properties", "patternProperties", "additionalProperties", "propertyNames"],
};
const everywhere = ["enum", "const", "allOf", "anyOf", "oneOf", "not", "title", "default", "examples", "definitions"];

function ofType(type: string, values: Readonly<Record<string, Arbitrary<unknown>>>): Arbitrary<object> {
  const keywords = fc.subarray([...(fitting[type] ?? []), ...(fitting[type] ?? []), ...everywhere], { maxLength: 4 });
  return keywords.chain((chosen) => {
    const members = Object.fromEntries(chosen.map((name) => [name, mostly(values[name] ?? junk)]));
    return fc.record({ type: fc.constant(type), ...members });
  });
}

/** Schemas of every keyword, sound and not: of most it is plain what ajv has to say, of some it is not. */
export const keywordSchemas: Arbitrary<unknown> = fc.letrec<{ schema: unknown }>((tie) => {
  const values = keywordValues(tie("schema"));
  const anything = fc
    .subarray(Object.keys(values), { maxLength: 3 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, mostly(values[name] ?? junk)]))));
  const conditions = fc
    .tuple(tie("schema"), fc.subarray(["if", "then", "else"]))
    .map(([schema, chosen]) => Object.fromEntries(chosen.map((name) => [name, schema])));
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom<unknown>(true, false, {}, { type: "string" }, { type: ["string", "null"] }),
      { weight: 6, arbitrary: fc.constantFrom(...types).chain((type) => ofType(type, values)) },
      anything,
      fc.record({ $ref: references }),
      conditions,
      fc.record({ $ref: references, minLength: fc.nat(2), title: texts }, { requiredKeys: ["$ref"] }),
      fc
        .tuple(fc.uniqueArray(fc.constantFrom(...types), { minLength: 1, maxLength: 3 }), anything)
        .map(([chosen, more]) => Object.assign({}, more, { type: chosen })),
    ),
  };
}).schema;
