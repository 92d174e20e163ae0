import type { ValidationError } from "../failures/failure.ts";
import type { Fields } from "../http1/fields.ts";
import type { ParameterType, ParameterTypes } from "./parameter-types.ts";

import { Failure } from "../failures/failure.ts";
import { boundedName, maxErrors } from "./validation-errors.ts";

/** Parameters as their schema sees them. No prototype: a parameter named `__proto__` is one like any other. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface TypedQuery {
  readonly values: Parameters;
  /** Parameters that came more than once though they are no arrays: which one counts, readers disagree about. */
  readonly errors: readonly ValidationError[];
}

/**
 * Reads a query, `a=1&b=2` without the `?`: `+` is a space, escapes are decoded once, values become what their schema
 * declares them to be.
 *
 * @throws Failure malformed_request for an escape that cannot be decoded, or for more than 1,000 parameters
 */
export function readQuery(query: string, types: ParameterTypes): TypedQuery {
  const texts = new Map<string, string[]>();
  let parameters = 0;
  for (let start = 0; start < query.length;) {
    const next = query.indexOf("&", start);
    const end = next === -1 ? query.length : next;
    if (end > start) {
      if (++parameters > maxParameters) throw malformed(`The query has more than ${maxParameters} parameters.`);
      readPair(query.slice(start, end), texts);
    }
    start = end + 1;
  }
  const values = Object.create(null) as Record<string, unknown>;
  const errors: ValidationError[] = [];
  for (const [name, all] of texts) {
    const type = types.byName.get(name) ?? types.others;
    if (all.length > 1 && type !== undefined && type.items === undefined) {
      if (errors.length < maxErrors) errors.push(repeated(name));
    }
    values[name] = typedValue(all, type);
  }
  return { values, errors };
}

/** Path parameters, decoded already, become what their schema declares them to be. */
export function typePathParameters(texts: Readonly<Record<string, string>>, types: ParameterTypes): Parameters {
  const values = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of Object.entries(texts)) values[name] = typedText(text, typeOf(name, types));
  return values;
}

/** Header fields by lower-case name, as their schema declares them. */
export function typeHeaders(fields: Fields, types: ParameterTypes): Parameters {
  const values = Object.create(null) as Record<string, unknown>;
  const { list } = fields;
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] as string;
    if (name in values) continue;
    const texts = name === "set-cookie" ? fields.all(name) : [fields.get(name) ?? ""];
    values[name] = typedValue(texts, typeOf(name, types));
  }
  return values;
}

function typeOf(name: string, { byName, others }: ParameterTypes): ParameterType | undefined {
  return byName.get(name) ?? others;
}

function readPair(pair: string, texts: Map<string, string[]>): void {
  const equals = pair.indexOf("=");
  const name = decode(equals === -1 ? pair : pair.slice(0, equals));
  const text = equals === -1 ? "" : decode(pair.slice(equals + 1));
  const known = texts.get(name);
  if (known === undefined) texts.set(name, [text]);
  else known.push(text);
}

function decode(text: string): string {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed("The query holds an escape that cannot be decoded.");
  }
}

/** Once: a scalar where it may be one, else an array of one. More than once: an array. */
function typedValue(texts: readonly string[], type: ParameterType | undefined): unknown {
  const [first = ""] = texts;
  const isScalar = type?.items === undefined || type.scalars.size > 0;
  if (texts.length === 1 && isScalar) return typedText(first, type);
  return texts.map((text) => typedText(text, type?.items));
}

/** A text that is nothing its schema declares stays a text, for the schema to refuse. */
function typedText(text: string, type: ParameterType | undefined): unknown {
  if (type === undefined) return text;
  const { scalars } = type;
  if ((scalars.has("integer") || scalars.has("number")) && numberSyntax.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
  }
  if (scalars.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (scalars.has("null") && text === "null") return null;
  return text;
}

function repeated(name: string): ValidationError {
  return { parameter: boundedName(name), keyword: "type", detail: "must be given once" };
}

function malformed(detail: string): Failure {
  return new Failure("malformed_request", { detail });
}

/** A number as JSON writes it (RFC 8259 §6): `0x10`, `1_000` and ` 5` are texts. */
const numberSyntax = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const maxParameters = 1000;
