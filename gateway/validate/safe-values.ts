import type { CodeKeywordDefinition, KeywordCxt } from "ajv";

import { _ } from "ajv";
import ucs2length from "ajv/dist/runtime/ucs2length.js";

import { allowedValues, isCompound } from "./allowed-values.ts";
import { equals } from "./json-equality.ts";
import { findRepeat } from "./unique-items.ts";
import { workMeter } from "./work-meter.ts";

/** Generates `enum`. A few scalars are compared one after another, as ajv does. */
export function checkEnum(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  const members = cxt.schema as readonly unknown[];
  if (members.length <= maxCompared && !members.some(isCompound)) return definition.code(cxt);
  const allows = cxt.gen.scopeValue("func", { ref: allowedValues(members) });
  return cxt.pass(_`${allows}(${cxt.data})`);
}

/** Generates `const`. A scalar is compared as ajv does. */
export function checkConst(cxt: KeywordCxt, definition: CodeKeywordDefinition): void {
  if (!isCompound(cxt.schema)) return definition.code(cxt);
  const equal = cxt.gen.scopeValue("func", { ref: equalsConst });
  return cxt.fail(_`!${equal}(${cxt.schemaCode}, ${cxt.data})`);
}

/** Generates `uniqueItems` in linear time: ajv compares each item with each other. */
export function checkUniqueItems(cxt: KeywordCxt): void {
  if (cxt.schema !== true) return;
  const find = cxt.gen.scopeValue("func", { ref: findRepeated });
  const repeat = cxt.gen.const("repeat", _`${find}(${cxt.data})`);
  cxt.setParams({ i: _`${repeat}.i`, j: _`${repeat}.j` });
  cxt.fail(_`${repeat} !== undefined`);
}

/** Generates `minLength` and `maxLength`: ajv counts the characters of each string to its end. */
export function limitLength(cxt: KeywordCxt): void {
  const isLong = cxt.keyword === "maxLength";
  const test = cxt.gen.scopeValue("func", { ref: isLong ? isLongerThan : isShorterThan });
  cxt.fail(_`${test}(${cxt.data}, ${cxt.schemaCode})`);
}

/** A character is one or two units of a string, so most strings need not be counted. */
function isLongerThan(text: string, limit: number): boolean {
  return text.length > limit && (text.length > 2 * limit || countCharacters(text) > limit);
}

function isShorterThan(text: string, limit: number): boolean {
  return text.length < limit || (text.length < 2 * limit && countCharacters(text) < limit);
}

function countCharacters(text: string): number {
  workMeter.charge(text.length * workPerCharacter);
  return ucs2length.default(text);
}

function equalsConst(expected: unknown, value: unknown): boolean {
  return equals(expected, value, workMeter);
}

function findRepeated(items: readonly unknown[]) {
  return findRepeat(items, workMeter);
}

const maxCompared = 8;
const workPerCharacter = 0.5;
