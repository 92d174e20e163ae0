import type { CodeKeywordDefinition, KeywordCxt, SchemaCxt } from "ajv";

import type { Resolve } from "./discriminator.ts";

import { CountedUnion, largeBranches, CountedReference } from "./branch-functions.ts";
import { adopt, CountedKeyword, countMembers, workPerError } from "./counted-keyword.ts";
import { findDiscriminator } from "./discriminator.ts";
import { switchBranches } from "./safe-unions.ts";
import { resolveLocal } from "./schema-document.ts";
import { charge, chargeEvaluated, workPerEvaluated } from "./work-charges.ts";

/** Generates the code of a keyword, in index of ajv's definition or around it. */
export type Generate = (cxt: KeywordCxt, definition: CodeKeywordDefinition) => void;

/** A keyword that evaluates each of its subschemas at most once. */
export function once(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  adopt(cxt, CountedKeyword, {});
  definition.code(cxt);
}

/** A keyword whose subschemas depend on the presence of a member. */
export function named(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  charge(cxt, workPerRead * Object.keys(cxt.schema as object).length);
  once(cxt, definition);
}

/** A keyword that evaluates a subschema for each item. */
export function each(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  adopt(cxt, CountedKeyword, { isRepeated: true });
  definition.code(cxt);
}

/** A keyword that iterates over the members, and evaluates a subschema for some of them. */
export function eachMember(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  adopt(cxt, CountedKeyword, { isRepeated: true });
  // patternProperties iterates once for each pattern; additionalProperties tests all of them in one iteration.
  const { patternProperties = {} } = cxt.parentSchema as { readonly patternProperties?: object };
  const isPatterns = cxt.keyword === "patternProperties";
  const patterns = isPatterns ? 1 : Object.keys(patternProperties).length;
  const evaluated = isPatterns && cxt.it.opts.unevaluated === true ? workPerEvaluated : 0;
  countMembers(cxt.gen, workPerPattern * patterns + evaluated, () => definition.code(cxt));
}

/** `oneOf` and `anyOf`: evaluates every branch, or the one that a property selects. */
export function union(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  const resolve = localResolver(cxt.it);
  const large = largeBranches(cxt, resolve);
  Object.assign(adopt(cxt, CountedUnion, { workPerFailure: workPerBranchError, isRepeated: true }), { large });
  const discriminator = findDiscriminator(cxt.schema as readonly unknown[], resolve);
  if (discriminator === undefined) definition.code(cxt);
  else switchBranches(cxt, discriminator);
}

/** Resolves references by their fragment alone, which is right where no `$id` gives the target another base. */
function localResolver({ baseId, rootId, schemaEnv: { root } }: SchemaCxt): Resolve {
  // ajv gives a root without an $id the base rootId.
  if (baseId !== root.baseId && baseId !== rootId) return () => undefined;
  return (target) => resolveLocal(root.schema, target, (schema) => Object.hasOwn(schema, "$id"));
}

/** `contains`: ajv keeps the errors of every item that does not match until enough items do. */
export function contains(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  adopt(cxt, CountedKeyword, { workPerFailure: workPerError, isRepeated: true });
  definition.code(cxt);
}

/** A reference: ajv inlines the target or calls its function. */
export function reference(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  adopt(cxt, CountedReference, {});
  definition.code(cxt);
  chargeEvaluated(cxt.gen, cxt.it.props);
}

/** For the error of a branch, which is dropped when another branch matches. */
const workPerBranchError = 8;
/** For reading a member that may be absent, where V8 does not know the shape of the object. */
const workPerRead = 20;
/** For testing a member's name, besides what the pattern itself charges. */
const workPerPattern = 8;
