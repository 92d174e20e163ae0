import type { KeywordCxt, Name, SchemaCxt, Code } from "ajv";

import type { Subschema } from "./counted-keyword.ts";
import type { Resolve } from "./discriminator.ts";

import { _ } from "ajv";
import { compileSchema, SchemaEnv } from "ajv/dist/compile/index.js";
import { callRef, getValidate } from "ajv/dist/vocabularies/core/ref.js";
import { copyWithin, CountedKeyword } from "./counted-keyword.ts";
import { isObject } from "./schema-document.ts";
import { errorCount, charge } from "./work-charges.ts";

/** The context of `oneOf` or `anyOf`: compiles each large branch as a separate function. */
export class CountedUnion extends CountedKeyword {
  declare large: ReadonlySet<number>;

  protected override generate(given: Subschema, valid: Name): SchemaCxt {
    const { schemaProp: index } = given;
    if (typeof index !== "number" || !this.large.has(index)) return super.generate(given, valid);
    return callBranch(this, index, valid);
  }
}

/**
 * Compiles a branch as a separate function. Inlined, fifty branches of thirty properties are one function of 1.6 MB,
 * which V8 never optimizes, and which runs four times slower. Like the function of a reference, it stops at its first
 * error, where an inlined branch adds the errors of the keywords around it.
 */
function callBranch(cxt: KeywordCxt, index: number, valid: Name): SchemaCxt {
  const { gen, it } = cxt;
  const env = branchEnv(cxt, index);
  compileSchema.call(it.self, env);
  const within: KeywordCxt["it"] = { ...it, compositeRule: true };
  delete within.props;
  delete within.items;
  const branch = copyWithin(cxt, CountedReference, within);
  const before = gen.const("_errs", errorCount);
  gen.block(() => callRef(branch, getValidate(branch, env), env));
  gen.var(valid, _`${before} === ${errorCount}`);
  return within;
}

function branchEnv({ keyword, schema, it }: KeywordCxt, index: number): SchemaEnv {
  const { root, localRefs, meta } = it.schemaEnv;
  return new SchemaEnv({
    schema: (schema as ReadonlyArray<SchemaEnv["schema"]>)[index] ?? true,
    schemaId: it.self.opts.schemaId,
    root,
    baseId: it.baseId,
    schemaPath: `${it.errSchemaPath}/${keyword}/${index}`,
    ...(localRefs && { localRefs }),
    ...(meta === undefined ? undefined : { meta }),
  });
}

/**
 * Makes V8 parse the function of a branch at load. It parses a function when it is first called unless a parenthesis
 * precedes it, and no probe calls every branch.
 */
export function parseEagerly(source: string, env?: SchemaEnv): string {
  return env?.schemaPath === undefined ? source : `${source.replace("return function", "return (function")})`;
}

/** The branches, by index, that are compiled as separate functions. */
export function largeBranches(cxt: KeywordCxt, resolve: Resolve): ReadonlySet<number> {
  const { it } = cxt;
  // Both change the error objects within the branch.
  if (it.createErrors === false || it.propertyName !== undefined) return new Set();
  const branches = [...(cxt.schema as readonly unknown[]).entries()].map(([index, branch]) => {
    return { index, branch, keywords: countKeywords(branch, resolve) };
  });
  const total = branches.reduce((sum, { keywords }) => sum + (Number.isFinite(keywords) ? keywords : 0), 0);
  if (total < minUnion) return new Set();
  const large = branches.filter(({ branch, keywords }) => {
    return keywords >= minBranch && Number.isFinite(keywords) && isIndependent(branch, it.dataTypes);
  });
  return new Set(large.map(({ index }) => index));
}

/** Whether ajv's strict mode finds the same in the branch without the types of the schema around it. */
function isIndependent(branch: unknown, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  if (!isObject(branch)) return false;
  if (branch["type"] === "object") return types.includes("object");
  return Object.keys(branch).length === 1 && typeof branch["$ref"] === "string";
}

/** The number of keywords in a schema and its inlined references; Infinity where the function around it matters. */
function countKeywords(schema: unknown, resolve: Resolve): number {
  if (Array.isArray(schema)) return schema.reduce<number>((sum, item) => sum + countKeywords(item, resolve), 0);
  if (!isObject(schema)) return 0;
  let keywords = 0;
  for (const [keyword, value] of Object.entries(schema)) {
    keywords += bound.has(keyword) ? Infinity : 1;
    const target = keyword === "$ref" && typeof value === "string" ? resolve(value) : undefined;
    // ajv compiles a target that holds references as a function.
    if (target !== undefined && !holdsReference(target)) keywords += countKeywords(target, resolve);
    else if (!data.has(keyword)) keywords += countKeywords(value, resolve);
  }
  return keywords;
}

function holdsReference(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  return Object.entries(schema).some(([keyword, value]) => keyword === "$ref" || holdsReference(value));
}

/** Keywords of all branches, and of one, from which separate functions are faster. */
const minUnion = 120;
const minBranch = 12;
const data = new Set(["const", "enum", "default", "examples"]);
/** Keywords whose meaning depends on the function around them, or that change the base of references. */
const bound = new Set(["$id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef"]);

/** The context of a reference: charges the call of a function, whose errors are appended to a copy of ours. */
export class CountedReference extends CountedKeyword {
  override result(condition: Code, succeed?: () => void, fail?: () => void): void {
    charge(this, _`${workPerCall} + ${errorCount}`);
    super.result(condition, succeed, fail);
  }
}

const workPerCall = 12;
