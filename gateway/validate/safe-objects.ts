import type { AnySchema, Code, KeywordCxt } from "ajv";

import { _ } from "ajv";
import { alwaysValidSchema, mergeEvaluated, toHash } from "ajv/dist/compile/util.js";
import { isOwnProperty } from "ajv/dist/vocabularies/code.js";

import { workPerSubschema } from "./counted-keyword.ts";
import { countMembers } from "./members.ts";
import { charge } from "./work-charges.ts";
import { workMeter } from "./work-meter.ts";

/**
 * Generates `properties`. ajv reads each property to learn whether the object has it. Where the objects of a body have
 * many different shapes, V8 takes 100 ns to find that a property is absent: 280 ms for thirty optional properties and
 * 80,000 objects. hasOwn takes 7 ns for any object. It is called outside the generated code, which may be too long for
 * V8 to optimize.
 */
export function checkProperties(cxt: KeywordCxt): void {
  const { gen, it } = cxt;
  const schemas = cxt.schema as Readonly<Record<string, AnySchema>>;
  // ajv ignores a property of this name.
  const names = Object.keys(schemas).filter((name) => name !== "__proto__");
  if (it.opts.unevaluated === true && names.length > 0 && it.props !== true) {
    it.props = mergeEvaluated.props(gen, toHash(names), it.props);
  }
  const checked = names.filter((name) => alwaysValidSchema(it, schemas[name] ?? true) !== true);
  const valid = gen.name("valid");
  for (let first = 0; first < checked.length; first += maxBits) {
    const group = checked.slice(first, first + maxBits);
    const owned = gen.const("owned", ownedCode(cxt, group));
    for (const [index, name] of group.entries()) {
      gen.if(_`${owned} & ${1 << index}`);
      cxt.subschema({ keyword: "properties", schemaProp: name, dataProp: name }, valid);
      if (it.allErrors !== true) gen.else().var(valid, true);
      gen.endIf();
      cxt.ok(valid);
    }
  }
}

function ownedCode({ gen, data }: KeywordCxt, names: readonly string[]): Code {
  const find = gen.scopeValue("func", { ref: findOwned });
  return _`${find}(${data}, ${gen.scopeValue("func", { ref: names })})`;
}

/** Returns a bit for each of the names that the object has. */
function findOwned(object: object, names: readonly string[]): number {
  workMeter.charge(names.length * workPerName);
  let owned = 0;
  for (let index = 0; index < names.length; index++) {
    if (!Object.hasOwn(object, names[index] ?? "")) continue;
    owned |= 1 << index;
    workMeter.charge(workPerSubschema);
  }
  return owned;
}

/** Generates `required`, likewise by hasOwn. */
export function checkRequired(cxt: KeywordCxt): void {
  const { gen, data, schemaCode, it } = cxt;
  const names = cxt.schema as readonly string[];
  if (names.length === 0) return;
  if (it.allErrors === true) {
    charge(cxt, Math.ceil(names.length * workPerName));
    gen.forOf("name", _`${schemaCode}`, (name) => {
      gen.if(_`!${isOwnProperty(gen, data, name)}`, () => cxt.error(false, { missingProperty: name }));
    });
    return;
  }
  const find = gen.scopeValue("func", { ref: findMissing });
  const missing = gen.const("missing", _`${find}(${data}, ${schemaCode})`);
  cxt.setParams({ missingProperty: missing });
  cxt.fail(_`${missing} !== undefined`);
}

/** Generates `minProperties` and `maxProperties`, and charges the listing of the members. */
export function limitMembers(cxt: KeywordCxt): void {
  const { gen, data, keyword, schemaCode } = cxt;
  const count = gen.scopeValue("func", { ref: countOwn });
  const isWrong = keyword === "maxProperties" ? _`>` : _`<`;
  cxt.fail(_`${count}(${data}) ${isWrong} ${schemaCode}`);
}

function findMissing(object: object, names: readonly string[]): string | undefined {
  workMeter.charge(names.length * workPerName);
  for (const name of names) if (!Object.hasOwn(object, name)) return name;
  return undefined;
}

function countOwn(object: object): number {
  return countMembers(object, workMeter);
}

const workPerName = 1.5;
/** Names in one group: bits of a small integer. */
const maxBits = 31;
