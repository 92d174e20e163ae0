import type { FieldSchema } from "./schema/field.ts";

import { measures } from "./duration.ts";
import { configSchema } from "./schema.ts";
import { isMandatory } from "./schema/field.ts";
import { syntaxes } from "./syntax.ts";

/** A draft-07 JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const substitution = { $ref: "#/definitions/substitution" };

/** The JSON Schema that editors check and complete a configuration file by. */
export function editorSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "statuswise gateway",
    ...describeField(configSchema as unknown as FieldSchema),
    definitions: {
      substitution: {
        description: "${NAME} or ${NAME:-default}, filled in from the environment.",
        type: "string",
        pattern: "\\$\\{",
      },
    },
  };
}

function describeField(field: FieldSchema): JsonSchema {
  const notes = {
    description: describeInWords(field),
    ...(field.default === undefined ? {} : { default: field.default }),
  };
  if (field.properties !== undefined) return { ...notes, ...describeBlock(field, field.properties) };
  if (field.values !== undefined) {
    const pattern = field.names === undefined ? undefined : syntaxes[field.names].pattern;
    const names = pattern === undefined ? {} : { propertyNames: { pattern } };
    const least = field.minProperties === undefined ? {} : { minProperties: field.minProperties };
    return { ...notes, type: "object", ...names, ...least, additionalProperties: describeField(field.values) };
  }
  if (field.items !== undefined) {
    const least = field.minItems === undefined ? {} : { minItems: field.minItems };
    return { ...notes, type: "array", items: describeField(field.items), ...least, maxItems: field.maxItems };
  }
  const scalar = describeScalar(field);
  const isFree = scalar["type"] === "string" && scalar["pattern"] === undefined;
  return isFree ? { ...notes, ...scalar } : { ...notes, anyOf: [scalar, ...describeWords(field), substitution] };
}

function describeBlock(field: FieldSchema, properties: NonNullable<FieldSchema["properties"]>): JsonSchema {
  const entries = Object.entries(properties);
  const required = entries.filter(([, property]) => isMandatory(property)).map(([name]) => name);
  const either = entries.flatMap(([name, { unless }]) => (unless === undefined ? [] : [name, unless]));
  const block = {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    ...(either.length === 0 ? {} : { oneOf: either.map((name) => ({ required: [name] })) }),
    properties: Object.fromEntries(entries.map(([name, property]) => [name, describeField(property)])),
  };
  const short = field.shorthand === undefined ? undefined : properties[field.shorthand];
  return short === undefined ? block : { anyOf: [describeField(short), block] };
}

function describeScalar(field: FieldSchema): JsonSchema {
  if (field.unit !== undefined) return { type: "string", pattern: measures[field.unit].pattern };
  if (field.enum !== undefined) return { enum: field.enum };
  if (field.type === "integer") return { type: "integer", minimum: field.minimum, maximum: field.maximum };
  const pattern = field.syntax === undefined ? undefined : syntaxes[field.syntax].pattern;
  return pattern === undefined ? { type: field.type } : { type: field.type, pattern };
}

function describeWords({ words }: FieldSchema): JsonSchema[] {
  return words === undefined ? [] : [{ enum: words }];
}

function describeInWords(field: FieldSchema): string {
  if (field.unit === undefined) return field.description;
  return `${field.description} ${field.minimum} to ${field.maximum}.`;
}
