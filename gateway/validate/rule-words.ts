import type { ErrorObject } from "ajv";

import { isObject } from "./schema-document.ts";

/** What a schema asks, in words for the one who wrote the request: from the schema alone, never from the value. */
export function ruleInWords(error: ErrorObject): string {
  return words[error.keyword]?.(facts(error)) ?? "breaks a rule of the schema";
}

interface Facts {
  /** ajv's parameters of the error. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The schema in which the keyword stands. */
  readonly schema: Readonly<Record<string, unknown>>;
}

function facts({ params, parentSchema }: ErrorObject): Facts {
  return { params: params as Readonly<Record<string, unknown>>, schema: isObject(parentSchema) ? parentSchema : {} };
}

const words: Readonly<Record<string, ((facts: Facts) => string) | undefined>> = {
  type: ({ params, schema }) => `must be ${noun(params["type"])}${bounds(schema)}`,
  minimum: range,
  maximum: range,
  exclusiveMinimum: range,
  exclusiveMaximum: range,
  multipleOf: ({ params }) => `must be a multiple of ${number(params["multipleOf"])}`,
  required: () => "is required",
  dependentRequired: () => "is required beside another member that is there",
  dependencies: () => "is required beside another member that is there",
  additionalProperties: () => "is not allowed",
  unevaluatedProperties: () => "is not allowed",
  "false schema": () => "is not allowed",
  propertyNames: () => "has a name that is not allowed",
  enum: () => "must be one of the allowed values",
  const: () => "must be the allowed value",
  minLength: ({ params }) => `must have at least ${count(params["limit"], "character")}`,
  maxLength: ({ params }) => `must have at most ${count(params["limit"], "character")}`,
  minItems: ({ params }) => `must have at least ${count(params["limit"], "item")}`,
  maxItems: ({ params }) => `must have at most ${count(params["limit"], "item")}`,
  items: ({ params }) => `must have at most ${count(params["limit"], "item")}`,
  additionalItems: ({ params }) => `must have at most ${count(params["limit"], "item")}`,
  unevaluatedItems: () => "must have no further items",
  minProperties: ({ params }) => `must have at least ${count(params["limit"], "member")}`,
  maxProperties: ({ params }) => `must have at most ${count(params["limit"], "member")}`,
  uniqueItems: () => "must not repeat an item",
  contains: () => "must contain an item of the kind the schema asks for, in the number it asks for",
  pattern: () => "must have the form that the schema's pattern describes",
  format: ({ params }) => `must be a valid ${text(params["format"])}`,
  anyOf: () => "must match at least one of the schema's alternatives",
  oneOf: () => "must match exactly one of the schema's alternatives",
  not: () => "must not match what the schema excludes",
  if: () => "must match the branch of the schema that applies to it",
};

/** `must be an integer >= 1 and <= 100` */
function range({ schema }: Facts): string {
  return `must be ${schema["type"] === "integer" ? "an integer" : "a number"}${bounds(schema)}`;
}

function bounds(schema: Facts["schema"]): string {
  const written = [
    bound(">=", schema["minimum"]),
    bound(">", schema["exclusiveMinimum"]),
    bound("<=", schema["maximum"]),
    bound("<", schema["exclusiveMaximum"]),
  ].filter((part) => part !== "");
  return written.length === 0 ? "" : ` ${written.join(" and ")}`;
}

function bound(sign: string, limit: unknown): string {
  return typeof limit === "number" ? `${sign} ${limit}` : "";
}

function noun(type: unknown): string {
  const types = Array.isArray(type) ? (type as unknown[]) : [type];
  return types.map((name) => nouns[text(name)] ?? "a value of another type").join(" or ");
}

const nouns: Readonly<Record<string, string | undefined>> = {
  integer: "an integer",
  number: "a number",
  string: "a string",
  boolean: "true or false",
  null: "null",
  array: "an array",
  object: "an object",
};

function count(limit: unknown, unit: string): string {
  return `${number(limit)} ${unit}${limit === 1 ? "" : "s"}`;
}

function number(value: unknown): string {
  return typeof value === "number" ? String(value) : "some";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
