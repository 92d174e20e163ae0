import type { AnySchema, KeywordCxt } from "ajv";

import { _, Name } from "ajv";
import { alwaysValidSchema } from "ajv/dist/compile/util.js";

import type { Discriminator } from "./discriminator.ts";

import { isCompound } from "./allowed-values.ts";
import { charge } from "./work-charges.ts";

/**
 * Generates `oneOf` or `anyOf` as a switch: for an object, only the branch is evaluated that the discriminator selects.
 * All other branches are invalid, so the result is the same as that of evaluating each. The errors are those of the
 * selected branch; where no branch is selected, an error points at the property.
 */
export function switchBranches(cxt: KeywordCxt, discriminator: Discriminator): void {
  const { gen, data } = cxt;
  charge(cxt, workPerSwitch + Math.ceil((cxt.schema as readonly unknown[]).length / branchesPerStep));
  const select = gen.scopeValue("func", { ref: selectorOf(discriminator) });
  const branch = gen.let("branch", _`${select}(${data})`);
  const valid = gen.let("valid", false);
  const passing = gen.let("passing", null);
  gen.block(() => evaluateBranches(cxt, { branch, valid, passing }));
  cxt.result(
    valid,
    () => cxt.reset(),
    () => {
      const instancePath = gen.const("property", _`${discriminator.property}`);
      gen.if(_`${branch} === ${noBranch}`, () => cxt.error(true, { passing }, { instancePath }));
      cxt.setParams({ passing });
      cxt.error(true);
    },
  );
}

interface Verdict {
  readonly branch: Name;
  readonly valid: Name;
  /** The valid branches, for the error of oneOf. */
  readonly passing: Name;
}

function evaluateBranches(cxt: KeywordCxt, { branch, valid, passing }: Verdict): void {
  const { gen, keyword, it } = cxt;
  const branchValid = gen.name("_valid");
  const branches = cxt.schema as readonly AnySchema[];
  // Reports unknown keywords, in the same order as ajv.
  if (keyword === "anyOf") for (const schema of branches) alwaysValidSchema(it, schema);
  for (const [index, schema] of branches.entries()) {
    if (keyword === "oneOf") alwaysValidSchema(it, schema);
    gen.if(_`${branch} === ${index} || ${branch} === ${everyBranch}`, () => {
      const evaluated = cxt.subschema({ keyword, schemaProp: index, compositeRule: true }, branchValid);
      const pass = (): void => {
        gen.assign(valid, true);
        gen.assign(passing, index);
        cxt.mergeEvaluated(evaluated, Name);
        // Further branches of anyOf matter only for unevaluated members.
        if (keyword === "anyOf" && it.opts.unevaluated !== true) gen.assign(branch, decided);
      };
      if (keyword === "anyOf") gen.if(branchValid, pass);
      else gen.if(branchValid, () => gen.if(valid, () => failTwice(cxt, { branch, valid, passing }, index), pass));
    });
  }
}

/** Two branches of oneOf are valid: the remaining ones cannot change the result. */
function failTwice({ gen }: KeywordCxt, { branch, valid, passing }: Verdict, index: number): void {
  gen.assign(valid, false);
  gen.assign(passing, _`[${passing}, ${index}]`);
  gen.assign(branch, decided);
}

/** Returns the branch to evaluate. A value that is not an object has no properties, so every branch is evaluated. */
function selectorOf({ property, branches }: Discriminator): (value: unknown) => number {
  return (value) => {
    if (!isCompound(value) || Array.isArray(value)) return everyBranch;
    if (!Object.hasOwn(value, property)) return noBranch;
    return branches.get((value as Readonly<Record<string, unknown>>)[property]) ?? noBranch;
  };
}

/** Values of `branch` besides the index of a branch. */
const everyBranch = -1;
const noBranch = -2;
const decided = -3;
const workPerSwitch = 4;
/** Branches whose index is compared in one step. */
const branchesPerStep = 4;
