import { isObject, resolveLocal } from "./schema-document.ts";

/** What a parameter's text may stand for, as its schema declares it. */
export interface ParameterType {
  readonly scalars: ReadonlySet<Scalar>;
  /** The items' type, where the parameter may be repeated. */
  readonly items: ParameterType | undefined;
}

export type Scalar = "integer" | "number" | "boolean" | "null" | "string";

/** Types of a set of parameters, by name. */
export interface ParameterTypes {
  readonly byName: ReadonlyMap<string, ParameterType>;
  /** Of those without a declaration of their own. */
  readonly others: ParameterType | undefined;
}

/**
 * Reads the declared types from a schema of an object. `$ref` within the file, `allOf`, `anyOf` and `oneOf` are
 * followed, `enum` and `const` speak by their values; what says nothing leaves its parameter a string.
 */
export function readParameterTypes(root: unknown): ParameterTypes {
  const byName = new Map<string, ParameterType>();
  let others: ParameterType | undefined;
  for (const schema of alternatives(root, root)) {
    const properties = schema["properties"];
    for (const [name, property] of Object.entries(isObject(properties) ? properties : {})) {
      const known = byName.get(name);
      const read = readType(property, root);
      byName.set(name, known === undefined ? read : union(known, read));
    }
    if (isObject(schema["additionalProperties"])) others = readType(schema["additionalProperties"], root);
  }
  return { byName, others };
}

function readType(schema: unknown, root: unknown, depth = 0): ParameterType {
  let type: ParameterType = { scalars: new Set(), items: undefined };
  if (depth > maxDepth) return type;
  for (const one of alternatives(schema, root)) {
    const names = declaredTypes(one);
    const scalars = new Set(scalarNames.filter((name) => names.has(name)));
    const items = names.has("array") ? readType(one["items"], root, depth + 1) : undefined;
    type = union(type, { scalars, items });
  }
  return type;
}

function declaredTypes(schema: Readonly<Record<string, unknown>>): ReadonlySet<unknown> {
  const { type, nullable } = schema;
  const nothing = nullable === true ? ["null"] : [];
  if (Array.isArray(type)) return new Set([...(type as unknown[]), ...nothing]);
  if (type !== undefined) return new Set([type, ...nothing]);
  const values: unknown[] = Array.isArray(schema["enum"]) ? (schema["enum"] as unknown[]) : [];
  if ("const" in schema) values.push(schema["const"]);
  return new Set([...values.map(typeOfValue), ...nothing]);
}

function typeOfValue(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** The schema and all that it joins or offers, references followed. */
function alternatives(schema: unknown, root: unknown, depth = 0): Array<Readonly<Record<string, unknown>>> {
  if (!isObject(schema) || depth > maxDepth) return [];
  const joined = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => {
    const branches = schema[keyword];
    return Array.isArray(branches) ? (branches as unknown[]) : [];
  });
  if (typeof schema["$ref"] === "string") joined.push(resolveLocal(root, schema["$ref"]));
  return [schema, ...joined.flatMap((branch) => alternatives(branch, root, depth + 1))];
}

function union(a: ParameterType, b: ParameterType): ParameterType {
  const items = a.items !== undefined && b.items !== undefined ? union(a.items, b.items) : (a.items ?? b.items);
  return { scalars: a.scalars.union(b.scalars), items };
}

const scalarNames: readonly Scalar[] = ["integer", "number", "boolean", "null", "string"];
/** Schemas may refer to themselves; no parameter is declared this far down. */
const maxDepth = 8;
