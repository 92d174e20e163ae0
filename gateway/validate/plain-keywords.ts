import { isCompound } from "./allowed-values.ts";
import { isPattern } from "./pattern/compile-pattern.ts";
import { isObject } from "./schema-document.ts";

export type JsonType = "null" | "boolean" | "integer" | "number" | "string" | "array" | "object";

/**
 * Where the subschemas of a keyword stand: one that is for members or items; one for the names of members; one for each
 * name; one or several that are applied to the same value.
 */
export type Shape = "member" | "name" | "members" | "applied";

/** A keyword, and when ajv compiles it without a word. */
export interface PlainKeyword {
  /** The types that it constrains; undefined for any. */
  readonly types?: readonly JsonType[];
  readonly shape?: Shape;
  /** Its own value is as the meta-schemas ask. */
  allows(value: unknown, schema: Readonly<Record<string, unknown>>): boolean;
}

/** The types a schema's `type` allows; empty where there is none. Undefined for what ajv's strict mode reports. */
export function typesOf(type: unknown): readonly JsonType[] | undefined {
  if (type === undefined) return [];
  if (typeof type === "string") return isType(type) ? [type] : undefined;
  if (!Array.isArray(type) || !type.every(isType) || new Set(type).size !== type.length) return undefined;
  const isNullable = type.length === 2 && type.includes("null");
  return type.length === 1 || isNullable ? type : undefined;
}

/** The types that remain of those around a schema; undefined where the schema names one that they exclude. */
export function narrow(context: readonly JsonType[], types: readonly JsonType[]): readonly JsonType[] | undefined {
  if (types.length === 0) return context;
  if (context.length === 0) return types;
  if (!types.every((type) => includesType(context, type))) return undefined;
  return context.flatMap((type): JsonType[] => {
    if (includesType(types, type)) return [type];
    return type === "number" && types.includes("integer") ? ["integer"] : [];
  });
}

/** Whether a keyword constrains one of the types, which strict mode wants declared. */
export function isApplicable({ types }: PlainKeyword, context: readonly JsonType[]): boolean {
  return types === undefined || types.some((type) => includesType(context, type) || isInteger(type, context));
}

function includesType(types: readonly JsonType[], type: JsonType): boolean {
  return types.includes(type) || (type === "integer" && types.includes("number"));
}

function isInteger(type: JsonType, context: readonly JsonType[]): boolean {
  return type === "number" && context.includes("integer");
}

function isType(value: unknown): value is JsonType {
  return typeof value === "string" && types.has(value);
}

const types: ReadonlySet<string> = new Set(["null", "boolean", "integer", "number", "string", "array", "object"]);

/** Keywords that ajv ignores, with what the meta-schemas ask of them. */
export const annotations: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["title", isString],
  ["description", isString],
  ["$comment", isString],
  ["contentMediaType", isString],
  ["contentEncoding", isString],
  ["default", isAnything],
  ["examples", Array.isArray],
  ["readOnly", isBoolean],
  ["writeOnly", isBoolean],
  ["deprecated", isBoolean],
]);

/** The formats of ajv-formats. Another means nothing, which is reported. */
export const knownFormats: ReadonlySet<string> = new Set(
  (
    "date time date-time iso-time iso-date-time duration uri uri-reference uri-template url email hostname ipv4 ipv6 " +
    "regex uuid json-pointer json-pointer-uri-fragment relative-json-pointer byte int32 int64 float double password " +
    "binary"
  ).split(" "),
);

const number = { types: ["number"], allows: isFinite } as const;
const textLength = { types: ["string"], allows: isCount } as const;
const itemCount = { types: ["array"], allows: isCount } as const;
const memberCount = { types: ["object"], allows: isCount } as const;
const branches = { shape: "applied", allows: isFilledList } as const;
const branch = { shape: "applied", allows: isAnything } as const;

export const keywords: ReadonlyMap<string, PlainKeyword> = new Map<string, PlainKeyword>([
  ["enum", { allows: areDistinct }],
  ["const", { allows: isAnything }],
  ["minimum", number],
  ["maximum", number],
  ["exclusiveMinimum", number],
  ["exclusiveMaximum", number],
  ["multipleOf", { types: ["number"], allows: (value) => isFinite(value) && Number(value) > 0 }],
  ["minLength", textLength],
  ["maxLength", textLength],
  ["pattern", { types: ["string"], allows: (value) => isString(value) && isPattern(value) }],
  ["format", { types: ["number", "string"], allows: (value) => isString(value) && knownFormats.has(value) }],
  ["minItems", itemCount],
  ["maxItems", itemCount],
  ["uniqueItems", { types: ["array"], allows: isBoolean }],
  ["items", { types: ["array"], shape: "member", allows: isAnything }],
  ["contains", { types: ["array"], shape: "member", allows: isAnything }],
  ["minProperties", memberCount],
  ["maxProperties", memberCount],
  ["required", { types: ["object"], allows: isNameList }],
  ["properties", { types: ["object"], shape: "members", allows: isObject }],
  ["patternProperties", { types: ["object"], shape: "members", allows: arePatternsAlone }],
  ["additionalProperties", { types: ["object"], shape: "member", allows: isAnything }],
  ["propertyNames", { types: ["object"], shape: "name", allows: isAnything }],
  ["allOf", branches],
  ["anyOf", branches],
  ["oneOf", branches],
  ["not", branch],
  ["if", branch],
  ["then", branch],
  ["else", branch],
]);

/** Beside `properties`, strict mode reports a property that a pattern matches as well. */
function arePatternsAlone(value: unknown, schema: Readonly<Record<string, unknown>>): boolean {
  return isObject(value) && Object.keys(value).every(isPattern) && schema["properties"] === undefined;
}

function isNameList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString) && new Set(value).size === value.length;
}

/** At most one is an object or array, for whose equality a set is of no use. */
function areDistinct(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return new Set(value).size === value.length && value.filter(isCompound).length <= 1;
}

function isFilledList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}

function isFinite(value: unknown): boolean {
  return Number.isFinite(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isBoolean(value: unknown): boolean {
  return typeof value === "boolean";
}

function isAnything(): boolean {
  return true;
}
