import type AjvCore from "ajv/dist/core.js";

import type { Generate } from "./safe-applicators.ts";

import { contains, each, eachMember, named, once, reference, union } from "./safe-applicators.ts";
import { checkProperties, checkRequired, limitMembers } from "./safe-objects.ts";
import { checkConst, checkEnum, checkUniqueItems, limitLength } from "./safe-values.ts";

/**
 * Bounds the work of ajv's keywords on hostile values: the subschemas they enter, the references they follow, the
 * members they list and the values they compare are charged to the meter. The keywords are redefined in place, because
 * their order matters.
 */
export function boundKeywords(ajv: AjvCore.default): void {
  for (const [keyword, generate] of Object.entries(bounded)) {
    const rule = ajv.RULES.all[keyword];
    // Not every draft has every keyword.
    if (typeof rule !== "object" || !("code" in rule.definition)) continue;
    const { definition } = rule;
    rule.definition = { ...definition, code: (cxt) => generate(cxt, definition) };
  }
}

const bounded: Readonly<Record<string, Generate>> = {
  $ref: reference,
  $dynamicRef: reference,
  $recursiveRef: reference,
  allOf: once,
  anyOf: union,
  oneOf: union,
  not: once,
  if: once,
  dependencies: named,
  dependentSchemas: named,
  dependentRequired: named,
  items: each,
  prefixItems: once,
  additionalItems: each,
  unevaluatedItems: each,
  contains,
  uniqueItems: checkUniqueItems,
  properties: checkProperties,
  required: checkRequired,
  patternProperties: eachMember,
  additionalProperties: eachMember,
  unevaluatedProperties: eachMember,
  propertyNames: eachMember,
  minProperties: limitMembers,
  maxProperties: limitMembers,
  enum: checkEnum,
  const: checkConst,
  minLength: limitLength,
  maxLength: limitLength,
};
