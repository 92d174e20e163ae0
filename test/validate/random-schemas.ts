import type { Arbitrary } from "fast-check";

import * as fc from "fast-check";

/**
 * Random schemas and values that meet: both are made of the same few names and scalars. No pattern, for the gateway has
 * an engine of its own; and no member named `valueOf` or `toString`, which ajv's comparison calls.
 */
export const scalars = fc.constantFrom<unknown>(0, -0, 1, 1.5, -1, 1e21, "", "a", "b", "1", "💩", true, false, null);

/** As it is when it comes from a text. */
export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const names = fc.constantFrom("a", "b", "kind", "x/y~z", "p0", "p1", "constructor");

export const compounds = fc.oneof(
  fc.array(scalars, { maxLength: 2 }),
  fc.dictionary(names, scalars, { maxKeys: 2 }),
  fc.constantFrom<unknown>([[]], {}, { a: { b: 1 } }, [{ a: 1 }], { a: [1, 2] }),
);

export const values: Arbitrary<unknown> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalars,
      compounds,
      fc.dictionary(names, tie("value"), { maxKeys: 4 }),
      fc.array(tie("value"), { maxLength: 4 }),
    ),
  }))
  .value.map(asJson);

export const enums = fc
  .uniqueArray(fc.oneof(scalars, scalars, compounds), {
    minLength: 1,
    maxLength: 20,
    selector: (member) => JSON.stringify(member),
  })
  .map((members) => ({ enum: members }));

type Schema = boolean | object;

/** A union whose branches a property tells apart, in each of the forms that schemas give it. */
function discriminated(schema: Arbitrary<Schema>): Arbitrary<object> {
  const branch = fc.record({ form: fc.nat(6), more: schema, isWide: fc.boolean() });
  return fc
    .record({
      keyword: fc.constantFrom("oneOf", "anyOf"),
      property: fc.constantFrom("kind", "a"),
      tags: fc.uniqueArray(scalars, { minLength: 2, maxLength: 6, comparator: "SameValueZero" }),
      branches: fc.array(branch, { minLength: 6, maxLength: 6 }),
    })
    .map(({ keyword, property, tags, branches }) => ({
      [keyword]: tags.map((tag, i) => {
        const { form = 0, more = true, isWide = false } = branches[i] ?? {};
        const wide = isWide ? wideProperties : {};
        const only = form % 2 === 0 ? { const: tag } : { enum: [tag] };
        const told = { type: "object", required: [property], properties: { ...wide, [property]: only, p0: more } };
        return [
          told,
          { required: ["p1", property], properties: { ...wide, [property]: only, b: more } },
          { allOf: [{ required: [property] }, { properties: { [property]: only } }, more] },
          { ...told, additionalProperties: more },
          { type: ["null", "string"] },
          { $ref: `#/definitions/tag${i}` },
          { ...(typeof more === "object" ? more : {}), ...told },
        ][form];
      }),
    }));
}

const wideProperties = Object.fromEntries(
  Array.from({ length: 16 }, (_, i) => [`w${i}`, { type: "string", maxLength: 5 }]),
);

/** Written by entries, because an object with a member `then` is one to await. */
export function conditional(...schemata: readonly [test: Schema, pass: Schema, fail: Schema]): object {
  return Object.fromEntries(["if", "then", "else"].map((keyword, i) => [keyword, schemata[i]]));
}

/** What discriminated unions refer to. */
export const tagDefinitions = Object.fromEntries(
  ["a", 1, "b", true, null, ""].map((tag, i) => [
    `tag${i}`,
    { type: "object", required: ["kind"], properties: { ...(i < 3 ? wideProperties : {}), kind: { const: tag } } },
  ]),
);

const simple = fc.constantFrom<Schema>(
  true,
  false,
  {},
  { type: "string", minLength: 1, maxLength: 1 },
  { type: "integer" },
  { type: "object" },
  { type: ["array", "null"] },
  { minimum: 1 },
  { minProperties: 1, maxProperties: 2 },
  { maxItems: 1 },
  { uniqueItems: true },
  { $ref: "#/definitions/other" },
);

export const schemas: Arbitrary<Schema> = fc.letrec<{ schema: Schema }>((tie) => {
  const schema = tie("schema");
  const some = fc.array(schema, { minLength: 1, maxLength: 3 });
  const objects = fc.record(
    {
      type: fc.constant("object"),
      properties: fc.dictionary(names, schema, { maxKeys: 3 }),
      required: fc.uniqueArray(names, { maxLength: 2 }),
      additionalProperties: schema,
    },
    { requiredKeys: ["properties"] },
  );
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      simple,
      enums,
      compounds.map((value) => ({ const: value })),
      scalars.map((value) => ({ const: value })),
      objects,
      discriminated(schema),
      fc.record({ oneOf: some }),
      fc.record({ anyOf: some, unevaluatedProperties: schema }, { requiredKeys: ["anyOf"] }),
      fc.record({ allOf: some, unevaluatedItems: schema }, { requiredKeys: ["allOf"] }),
      fc.record({ not: schema }),
      fc.tuple(schema, schema, schema).map(([test, pass, fail]) => conditional(test, pass, fail)),
      fc.record({ type: fc.constant("array"), items: schema }),
      fc.record({ contains: schema, minContains: fc.nat(2) }, { requiredKeys: ["contains"] }),
      fc.record({ additionalProperties: schema }),
      fc.record({ propertyNames: schema }),
      fc
        .tuple(names, schema)
        .map(([name, then]) => ({ dependentSchemas: { [name]: then }, dependencies: { b: then } })),
      fc.tuple(names, names).map(([name, needed]) => ({ dependentRequired: { [name]: [needed] } })),
    ),
  };
}).schema;
