import type { Code, CodeGen, KeywordCxt, SchemaCxt } from "ajv";

import { _, Name } from "ajv";

import { listMembers } from "./members.ts";
import { workMeter } from "./work-meter.ts";

/** ajv's name of the variable that counts the errors of a function. */
export const errorCount = new Name("errors");

/** Generates a charge, which is higher in a function that is too long for V8 to optimize. */
export function charge({ gen, it: { schemaEnv } }: KeywordCxt, steps: number | Code): void {
  gen.code(_`${gen.scopeValue("func", { ref: chargerOf(schemaEnv) })}(${steps})`);
}

/** Generates a charge for merging the names of evaluated members into those of another schema. */
export function chargeEvaluated(gen: CodeGen, names: SchemaCxt["props"]): void {
  if (names instanceof Name) gen.code(_`${gen.scopeValue("func", { ref: chargeNames })}(${names})`);
}

type SchemaEnv = SchemaCxt["schemaEnv"];

function chargerOf(env: SchemaEnv): (steps: number) => void {
  const known = chargers.get(env);
  if (known !== undefined) return known;
  let factor = 0;
  const charger = (steps: number): void => {
    // The function exists by the time it runs.
    if (factor === 0) factor = String(env.validate).length > maxOptimized ? unoptimizedFactor : 1;
    workMeter.charge(steps * factor);
  };
  chargers.set(env, charger);
  return charger;
}

function chargeNames(names: unknown): void {
  if (typeof names === "object" && names !== null) listMembers(names, workMeter, workPerEvaluated);
}

const chargers = new WeakMap<SchemaEnv, (steps: number) => void>();
/** Characters of the longest function that V8 optimizes within the first calls. */
const maxOptimized = 30_000;
const unoptimizedFactor = 5;
/** Steps for adding a name to the evaluated members. */
export const workPerEvaluated = 60;
