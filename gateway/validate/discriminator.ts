import { isCompound } from "./allowed-values.ts";
import { isObject } from "./schema-document.ts";

/** A property whose value decides which branch of a union an object can match. */
export interface Discriminator {
  readonly property: string;
  /** The index of the branch for each value of the property. */
  readonly branches: ReadonlyMap<unknown, number>;
}

/** Returns the target of a reference; undefined where it is not known without compiling. */
export type Resolve = (reference: string) => unknown;

/**
 * Finds a property that distinguishes the branches of a `oneOf` or `anyOf`: each branch that an object can match
 * requires the property, and allows it only scalars, by `const` or `enum`, that no other branch allows. The schemas
 * that a branch includes by `allOf` and `$ref` count as part of it.
 */
export function findDiscriminator(branches: readonly unknown[], resolve: Resolve): Discriminator | undefined {
  const rivals: Array<readonly [number, Conditions]> = [];
  for (const [index, branch] of branches.entries()) {
    const conditions = conditionsOf(branch, resolve);
    if (conditions !== undefined) rivals.push([index, conditions]);
  }
  if (rivals.length < 2) return undefined;
  for (const property of rivals[0]?.[1].keys() ?? []) {
    const selected = selectBy(property, rivals);
    if (selected !== undefined) return { property, branches: selected };
  }
  return undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** The scalars that a branch allows, by property. */
type Conditions = ReadonlyMap<string, readonly unknown[]>;

function selectBy(
  property: string,
  rivals: ReadonlyArray<readonly [number, Conditions]>,
): ReadonlyMap<unknown, number> | undefined {
  const selected = new Map<unknown, number>();
  for (const [index, conditions] of rivals) {
    const scalars = conditions.get(property);
    if (scalars === undefined) return undefined;
    for (const scalar of scalars) {
      if ((selected.get(scalar) ?? index) !== index) return undefined;
      selected.set(scalar, index);
    }
  }
  return selected;
}

/** Conditions that an object must meet to match the branch; undefined where no object can match. */
function conditionsOf(branch: unknown, resolve: Resolve): Conditions | undefined {
  if (branch === false) return undefined;
  const schemas = conjunctsOf(branch, resolve);
  if (schemas.some(refusesObjects)) return undefined;
  const conditions = new Map<string, readonly unknown[]>();
  for (const name of schemas.flatMap(requiredOf)) {
    const scalars = schemas.map((schema) => scalarsOf(propertyOf(schema, name), resolve)).find(isKnown);
    if (scalars !== undefined) conditions.set(name, scalars);
  }
  return conditions;
}

/** The schema and those that it includes by `allOf` and `$ref`: a value must match each of them. */
function conjunctsOf(schema: unknown, resolve: Resolve): JsonObject[] {
  const found = new Set<JsonObject>();
  const pending = [schema];
  while (pending.length > 0 && found.size < maxConjuncts) {
    const next = pending.pop();
    if (!isObject(next) || found.has(next)) continue;
    found.add(next);
    if (Array.isArray(next["allOf"])) pending.push(...(next["allOf"] as unknown[]));
    // A schema with an $id of its own has another base for its references.
    if (typeof next["$ref"] === "string" && next["$id"] === undefined) pending.push(resolve(next["$ref"]));
  }
  return [...found];
}

function refusesObjects(schema: JsonObject): boolean {
  const { type } = schema;
  if (typeof type === "string") return type !== "object";
  if (Array.isArray(type)) return !type.includes("object");
  return ownScalars(schema) !== undefined;
}

function requiredOf({ required }: JsonObject): string[] {
  return Array.isArray(required) ? (required as unknown[]).filter((name) => typeof name === "string") : [];
}

function propertyOf({ properties }: JsonObject, name: string): unknown {
  // ajv ignores a property of this name.
  if (!isObject(properties) || name === "__proto__") return undefined;
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function scalarsOf(schema: unknown, resolve: Resolve): readonly unknown[] | undefined {
  return conjunctsOf(schema, resolve).map(ownScalars).find(isKnown);
}

/** The scalars that `const` or `enum` allows; undefined where there is neither, or it allows other values too. */
function ownScalars(schema: JsonObject): readonly unknown[] | undefined {
  const values = Object.hasOwn(schema, "const") ? [schema["const"]] : schema["enum"];
  return Array.isArray(values) && !values.some(isCompound) ? values : undefined;
}

function isKnown<Value>(value: Value | undefined): value is Value {
  return value !== undefined;
}

const maxConjuncts = 64;
