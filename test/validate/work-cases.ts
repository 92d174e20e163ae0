import { conditional } from "./random-schemas.ts";

/** A body that is checked: what becomes of it, and how long it may hold the loop. */
export interface WorkCase {
  readonly schema: object;
  readonly text: () => string;
  /** The keyword of the first error, `valid`, or `refused` for too much work. */
  readonly verdict: string;
  readonly maxMs: number;
}

/** Items or members, as many as make a mebibyte. */
function fill(brackets: string, part: (i: number) => string): string {
  const parts: string[] = [];
  for (let i = 0, size = 2; ; i++) {
    const text = part(i);
    size += text.length + 1;
    if (size > 1024 * 1024) return `${brackets[0]}${parts.join(",")}${brackets[1]}`;
    parts.push(text);
  }
}

const array = (item: (i: number) => string) => (): string => fill("[]", item);
const object = (member: (i: number) => string) => (): string => fill("{}", member);
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const named = <T>(count: number, name: string, make: (i: number) => T): Record<string, T> =>
  Object.fromEntries(times(count, (i) => [`${name}${i}`, make(i)]));
const itemsOf = (items: unknown): object => ({ type: "array", items });

const values = times(5000, (i) => `value-${i}`);
const shape = (i: number) => ({
  type: "object",
  required: ["kind"],
  properties: { kind: { const: `kind-${i}` }, name: { type: "string" }, size: { type: "integer" } },
});
const shapes = array((i) => `{"kind":"kind-${i % 50}","name":"x","size":1}`);
const large = (i: number) => ({
  ...shape(i),
  properties: { ...shape(i).properties, ...named(30, "f", () => ({ type: "string", maxLength: 9 })) },
});

/** Bodies of a mebibyte that are hostile, and valid. */
const accepted: Record<string, WorkCase> = {
  "an enum of 5,000 texts": {
    schema: itemsOf({ enum: values }),
    text: array((i) => `"value-${(i * 7919) % 5000}"`),
    verdict: "valid",
    maxMs: 30,
  },
  "an enum of 5,000 numbers": {
    schema: itemsOf({ enum: times(5000, (i) => i) }),
    text: array((i) => String(i % 5000)),
    verdict: "valid",
    maxMs: 30,
  },
  "oneOf of 50 branches told by a const": {
    schema: itemsOf({ oneOf: times(50, shape) }),
    text: shapes,
    verdict: "valid",
    maxMs: 100,
  },
  "anyOf of 50 branches told by a const": {
    schema: itemsOf({ anyOf: times(50, shape) }),
    text: shapes,
    verdict: "valid",
    maxMs: 100,
  },
  "oneOf of 50 branches by reference": {
    schema: {
      definitions: named(50, "k", shape),
      ...itemsOf({ oneOf: times(50, (i) => ({ $ref: `#/definitions/k${i}` })) }),
    },
    text: shapes,
    verdict: "valid",
    maxMs: 100,
  },
  "oneOf of 50 branches of 30 properties": {
    schema: itemsOf({ oneOf: times(50, large) }),
    text: shapes,
    verdict: "valid",
    maxMs: 100,
  },
  "30 optional properties, and objects of many shapes": {
    schema: itemsOf({ properties: named(30, "p", () => ({ type: "string" })) }),
    text: array((i) => `{"a${i % 1000}":1}`),
    verdict: "valid",
    maxMs: 100,
  },
  "errors within a member of a long name": {
    schema: { additionalProperties: itemsOf({ anyOf: [{ type: "string" }, { type: "number" }] }) },
    text: () => `{"${"/~".repeat(200_000)}":[${times(300_000, () => "1").join(",")}]}`,
    verdict: "valid",
    maxMs: 100,
  },
  "limits on the length of a long text": {
    schema: { anyOf: times(50, (i) => ({ minLength: 3_000_000 + i })), maxLength: 2_000_000 },
    text: () => `"${"é".repeat(1_000_000)}"`,
    verdict: "minLength",
    maxMs: 30,
  },
  "items that are wrong in many ways": {
    schema: itemsOf({ required: times(100, (i) => `p${i}`) }),
    text: () => `[${times(5000, () => "{}").join(",")}]`,
    verdict: "required",
    maxMs: 30,
  },
};

const members = object((i) => `"${i.toString(36)}":1`);
const draft = { $schema: "https://json-schema.org/draft/2020-12/schema" };

const tooMuch: Record<string, Pick<WorkCase, "schema" | "text">> = {
  "branches that nothing tells apart": {
    schema: itemsOf({ oneOf: times(50, (i) => ({ type: "object", required: [`p${i}`] })) }),
    text: array(() => '{"p49":1}'),
  },
  "branches of scalars": {
    schema: itemsOf({ anyOf: [...times(50, (i) => ({ type: "string", minLength: i })), { type: "integer" }] }),
    text: array(() => "1"),
  },
  "branches that recurse": {
    schema: { anyOf: [{ type: "null" }, { type: "array", items: { $ref: "#" } }, { type: "number" }] },
    text: array(() => "1"),
  },
  exclusions: {
    schema: itemsOf({ allOf: times(50, (i) => ({ not: { type: "object", required: [`p${i}`] } })) }),
    text: array(() => "{}"),
  },
  conditions: {
    schema: itemsOf({ allOf: times(50, (i) => conditional({ required: [`p${i}`] }, false, true)) }),
    text: array(() => "{}"),
  },
  contains: {
    schema: { type: "array", allOf: times(10, (i) => ({ contains: { const: i } })) },
    text: () => `[${times(340_000, () => "99").join(",")},9,8,7,6,5,4,3,2,1,0]`,
  },
  "objects to compare": {
    schema: itemsOf({ enum: times(100, (i) => ({ a: 1, b: { c: i } })) }),
    text: array(() => '{"a":1,"b":{"c":99}}'),
  },
  "lists of members": {
    schema: { allOf: times(20, (i) => ({ additionalProperties: { minimum: -i } })) },
    text: members,
  },
  "counts of members": { schema: { anyOf: times(20, (i) => ({ minProperties: 1_000_000 + i })) }, text: members },
  "patterns of names": {
    schema: {
      patternProperties: Object.fromEntries(times(20, (i) => [`(a|b)*${i}$`, true])),
      additionalProperties: false,
    },
    text: members,
  },
  "evaluated members": {
    schema: {
      ...draft,
      anyOf: times(20, (i) => ({ patternProperties: { "^[a-z0-9]": { maximum: i + 5 } } })),
      unevaluatedProperties: false,
    },
    text: members,
  },
  "texts of one letter and an automaton": {
    schema: itemsOf({ pattern: "^(?:[a-z]+-)*[a-z]+$" }),
    text: array(() => '"a"'),
  },
  "regular expressions": {
    schema: itemsOf({ format: "regex" }),
    text: array(() => `"${"\\\\p{L}".repeat(1000)}"`),
  },
};

const refused = Object.entries(tooMuch).map(([name, { schema, text }]): [string, WorkCase] => {
  return [name, { schema, text, verdict: "refused", maxMs: 100 }];
});

export const workCases: Readonly<Record<string, WorkCase>> = { ...accepted, ...Object.fromEntries(refused) };
