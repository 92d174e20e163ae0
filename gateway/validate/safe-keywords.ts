import type { CodeKeywordDefinition, KeywordCxt } from "ajv";
import type AjvCore from "ajv/dist/core.js";

import { _ } from "ajv";

import { findRepeat } from "./unique-items.ts";
import { workMeter } from "./work-meter.ts";

/**
 * Puts bounds into ajv's own keywords where a hostile value could make their work explode: following a reference is
 * counted, and `uniqueItems` is linear. They are changed in place, for their order among the others has a meaning.
 */
export function boundKeywords(ajv: AjvCore.default): void {
  for (const keyword of ["$ref", "$dynamicRef", "$recursiveRef"]) {
    redefine(ajv, keyword, (definition, cxt) => {
      const follow = cxt.gen.scopeValue("func", { ref: followReference });
      cxt.gen.code(_`${follow}()`);
      definition.code(cxt);
    });
  }
  redefine(ajv, "uniqueItems", (_definition, cxt) => {
    if (cxt.schema !== true) return;
    const find = cxt.gen.scopeValue("func", { ref: findRepeated });
    const repeat = cxt.gen.const("repeat", _`${find}(${cxt.data})`);
    cxt.setParams({ i: _`${repeat}.i`, j: _`${repeat}.j` });
    cxt.fail(_`${repeat} !== undefined`);
  });
}

function redefine(
  ajv: AjvCore.default,
  keyword: string,
  code: (definition: CodeKeywordDefinition, cxt: KeywordCxt) => void,
): void {
  const rule = ajv.RULES.all[keyword];
  // Not every draft has every keyword.
  if (typeof rule !== "object" || !("code" in rule.definition)) return;
  const { definition } = rule;
  rule.definition = { ...definition, code: (cxt) => code(definition, cxt) };
}

function followReference(): void {
  workMeter.chargeReference();
}

function findRepeated(items: readonly unknown[]) {
  return findRepeat(items, workMeter);
}
