import type { JsonType, Shape } from "./plain-keywords.ts";
import type { SchemaDocument } from "./schema-document.ts";

import { annotations, isApplicable, keywords, narrow, typesOf } from "./plain-keywords.ts";
import { isObject, resolveLocal } from "./schema-document.ts";

type Schema = Readonly<Record<string, unknown>>;

/**
 * Whether ajv is certain to compile a schema without an error, without a warning and soon: the schema obeys its
 * meta-schema, refers to nothing outside itself, never refers to itself at the same value, is small, and uses common
 * keywords so that ajv's strict mode has nothing to report. False means that only compiling it shows what there is to
 * report. The schema's patterns are reviewed by reviewSchema.
 */
export function isPlainSchema({ schema, uri }: SchemaDocument): boolean {
  if (!isObject(schema) || !plainUri.test(uri) || ajvsOwn.test(uri)) return false;
  const { $schema, $id: _id, ...root } = schema;
  if ($schema !== undefined && !/^https?:/.test(JSON.stringify($schema).slice(1))) return false;
  return new PlainReading(schema, root).isPlain();
}

/** A schema, the types that the schemas around it allow at the same value (none for all), and how deep it stands. */
interface Visit {
  readonly schema: unknown;
  readonly context: readonly JsonType[];
  readonly depth: number;
}

/** One pass over a schema. Reads it as ajv compiles it: what a reference refers to is read at each reference to it. */
class PlainReading {
  readonly #document: Schema;
  readonly #root: Schema;
  /** The targets of the references that lead to the schema being read. */
  readonly #open = new Set<unknown>();
  /** Targets that hold references: ajv compiles each once, as a function. */
  readonly #functions = new Set<unknown>();
  /** The schemas that each schema applies to its own value. */
  readonly #applied = new Map<unknown, unknown[]>();
  #references = 0;
  #keywords = 0;

  /** @param root the document without `$schema` and `$id` */
  constructor(document: Schema, root: Schema) {
    this.#document = document;
    this.#root = root;
  }

  isPlain(): boolean {
    this.#open.add(this.#root);
    return this.#visit({ schema: this.#root, context: [], depth: 0 }) && !hasCycle(this.#applied);
  }

  #visit({ schema, context, depth }: Visit): boolean {
    if (typeof schema === "boolean") return true;
    if (!isObject(schema) || depth > maxDepth) return false;
    const names = Object.keys(schema);
    this.#keywords += names.length;
    if (this.#keywords > maxKeywords) return false;
    if (Object.hasOwn(schema, "$ref")) return this.#refers(schema, depth);
    const types = typesOf(schema["type"]);
    const narrowed = types && narrow(context, types);
    if (narrowed === undefined || !isConditionWhole(schema)) return false;
    return names.every((name) => name === "type" || this.#allows(schema, name, { context: narrowed, depth }));
  }

  /** A reference to a schema of this file, with nothing beside it that ajv would ignore. */
  #refers(schema: Schema, depth: number): boolean {
    const { $ref, definitions, $defs, ...rest } = schema;
    if (typeof $ref !== "string" || !plainReference.test($ref)) return false;
    if (!Object.entries(rest).every(([name, value]) => allowsAnnotation(name, value))) return false;
    const target = $ref === "#" ? this.#root : resolveLocal(this.#document, $ref);
    // ajv resolves a target that is a reference itself, or a boolean, in other ways.
    if (!isObject(target) || Object.hasOwn(target, "$ref")) return false;
    this.#references++;
    this.#apply(schema, target);
    return this.#visitTarget(target, depth) && [definitions, $defs].every((own) => this.#visitMembers(own, depth));
  }

  #visitTarget(target: Schema, depth: number): boolean {
    if (this.#open.has(target) || this.#functions.has(target)) return true;
    const before = this.#references;
    this.#open.add(target);
    const isPlain = this.#visit({ schema: target, context: [], depth: depth + 1 });
    this.#open.delete(target);
    if (this.#references > before) this.#functions.add(target);
    return isPlain;
  }

  #allows(schema: Schema, name: string, { context, depth }: Omit<Visit, "schema">): boolean {
    const value = schema[name];
    if (allowsAnnotation(name, value)) return true;
    if (name === "definitions" || name === "$defs") return this.#visitMembers(value, depth);
    const keyword = keywords.get(name);
    if (keyword === undefined || !isApplicable(keyword, context) || !keyword.allows(value, schema)) return false;
    return keyword.shape === undefined || this.#enter(schema, value, { shape: keyword.shape, context, depth });
  }

  /** Visits the subschemas of a keyword. */
  #enter(schema: Schema, value: unknown, { shape, context, depth }: Omit<Visit, "schema"> & { shape: Shape }): boolean {
    switch (shape) {
      case "member":
        return this.#visit({ schema: value, context: [], depth: depth + 1 });
      case "name":
        return this.#visit({ schema: value, context: ["string"], depth: depth + 1 });
      case "members":
        return this.#visitMembers(value, depth);
      case "applied": {
        const branches: readonly unknown[] = Array.isArray(value) ? value : [value];
        for (const branch of branches) this.#apply(schema, branch);
        return branches.every((branch) => this.#visit({ schema: branch, context, depth: depth + 1 }));
      }
    }
  }

  #visitMembers(members: unknown, depth: number): boolean {
    if (members === undefined) return true;
    // ajv ignores a property of this name.
    if (!isObject(members) || Object.hasOwn(members, "__proto__")) return false;
    const schemas = Object.values(members);
    this.#keywords += schemas.length;
    return schemas.every((schema) => this.#visit({ schema, context: [], depth: depth + 1 }));
  }

  #apply(from: unknown, to: unknown): void {
    const known = this.#applied.get(from);
    if (known === undefined) this.#applied.set(from, [to]);
    else known.push(to);
  }
}

function allowsAnnotation(name: string, value: unknown): boolean {
  return annotations.get(name)?.(value) === true;
}

/** Whether `if` stands with `then` or `else`, and they with `if`. */
function isConditionWhole(schema: Schema): boolean {
  const hasBranch = schema["then"] !== undefined || schema["else"] !== undefined;
  return (schema["if"] !== undefined) === hasBranch;
}

/** Whether a schema applies itself to its own value, which would recurse without end. */
function hasCycle(applied: ReadonlyMap<unknown, readonly unknown[]>): boolean {
  const open = new Set<unknown>();
  const closed = new Set<unknown>();
  const leadsBack = (schema: unknown): boolean => {
    if (open.has(schema)) return true;
    if (closed.has(schema)) return false;
    open.add(schema);
    const isBack = (applied.get(schema) ?? []).some(leadsBack);
    open.delete(schema);
    closed.add(schema);
    return isBack;
  };
  return [...applied.keys()].some(leadsBack);
}

/** Addresses and references that every reader of URIs reads alike. */
const plainUri = /^(?:https?|file|urn):[\w/.:~-]+$/;
const plainReference = /^#(?:\/[\w.-]+)*$/;
/** Schemas that ajv knows from its beginning. */
const ajvsOwn = /\/\/(?:json-schema\.org|raw\.githubusercontent\.com)\//;
/** Deepest nesting: ajv recurses on each level. */
const maxDepth = 24;
/** Most keywords: the code of more takes so long to generate that no request should wait for it. */
const maxKeywords = 600;
