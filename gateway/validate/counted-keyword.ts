import type { CodeGen, SchemaCxt } from "ajv";

import { _, KeywordCxt, Name, str } from "ajv";
import { Type } from "ajv/dist/compile/util.js";

import { memberPaths } from "./member-paths.ts";
import { listMembers } from "./members.ts";
import { charge, chargeEvaluated, errorCount } from "./work-charges.ts";
import { workMeter } from "./work-meter.ts";

/**
 * ajv's context of a keyword, which also generates charges. Code outside loops runs at most once for each call of its
 * function, so charging each subschema entered, each member listed, each call and each error bounds all work.
 */
export class CountedKeyword extends KeywordCxt {
  declare counting: Counting;

  override subschema(given: Subschema, valid: Name): SchemaCxt {
    const { gen, it } = this;
    const { workPerFailure = 0, isRepeated = false } = this.counting;
    charge(this, workPerSubschema);
    const hasErrors = it.createErrors !== false && given.createErrors !== false;
    // Without allErrors a failed branch makes one error; with it, any number.
    const before = it.allErrors === true && isRepeated && hasErrors ? gen.const("before", errorCount) : undefined;
    const made = this.generate(given, valid);
    if (before !== undefined)
      gen.if(_`!${valid}`, () => charge(this, _`${workPerError} * (${errorCount} - ${before})`));
    else if (workPerFailure > 0 && hasErrors) gen.if(_`!${valid}`, () => charge(this, workPerFailure));
    return made;
  }

  override mergeEvaluated(from: SchemaCxt, toName?: typeof Name): void {
    chargeEvaluated(this.gen, from.props);
    super.mergeEvaluated(from, toName);
  }

  /** ajv escapes the name of a member again for each error and call within the member; this escapes it once. */
  protected generate(given: Subschema, valid: Name): SchemaCxt {
    const { dataProp: name, dataPropType, ...rest } = given;
    if (!(name instanceof Name) || dataPropType !== Type.Str) return super.subschema(given, valid);
    const path = this.gen.scopeValue("func", { ref: pathOfMember });
    const it = { ...this.it, errorPath: str`${this.it.errorPath}${_`${path}(${name})`}` };
    return copyWithin(this, KeywordCxt, it).subschema({ ...rest, data: _`${this.data}[${name}]` }, valid);
  }
}

export type Subschema = Parameters<KeywordCxt["subschema"]>[0];

/** How the subschemas of a keyword are charged. */
export interface Counting {
  /** Steps for each subschema that fails, where evaluation stops at the first error. */
  readonly workPerFailure?: number;
  /** Whether many subschemas are evaluated, so that their errors can be many. */
  readonly isRepeated?: boolean;
}

/**
 * Turns a context of ajv into one of ours. Closures as own properties of the context would do too, but the garbage
 * collector then keeps what was generated for longer: compilation took 20 % more time.
 */
export function adopt<Counted extends CountedKeyword>(
  cxt: KeywordCxt,
  kind: { readonly prototype: Counted },
  counting: Counting,
): Counted {
  return Object.assign(Object.setPrototypeOf(cxt, kind.prototype) as Counted, { counting });
}

/** A copy of a keyword's context with another schema context around it. */
export function copyWithin<Copy extends KeywordCxt>(
  cxt: KeywordCxt,
  kind: { readonly prototype: Copy },
  it: KeywordCxt["it"],
): Copy {
  return Object.assign(Object.create(kind.prototype) as Copy, cxt, { it });
}

/** Charges each member in the loops over members that `generate` generates. */
export function countMembers(gen: CountedGen, workPerMember: number, generate: () => void): void {
  const { workPerMember: outer = 0 } = gen;
  // Not a closure, for the reason given at adopt.
  gen.forIn = forCounted;
  gen.workPerMember = workPerMember;
  generate();
  gen.workPerMember = outer;
}

type CountedGen = CodeGen & { workPerMember?: number };

function forCounted(this: CountedGen, ...[name, object, body]: Parameters<CodeGen["forIn"]>): CodeGen {
  const list = this.scopeValue("func", { ref: listCounted });
  return this.forOf(name, _`${list}(${object}, ${this.workPerMember ?? 0})`, body);
}

function listCounted(object: object, workPerMember: number): readonly string[] {
  return listMembers(object, workMeter, workPerMember);
}

function pathOfMember(name: string): string {
  return memberPaths.of(name);
}

/** Steps for entering a subschema. */
export const workPerSubschema = 2;
/** Steps for an error that is kept. */
export const workPerError = 60;
