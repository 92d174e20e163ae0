import { equals } from "./json-equality.ts";
import { workMeter } from "./work-meter.ts";

/**
 * Compiles the test of an `enum`. Scalars are looked up in a set: ajv compares the value with each of them, which takes
 * three seconds for 5,000 values and a megabyte of items. Like JSON Schema, a set does not distinguish 0 and -0.
 * Objects and arrays are compared by value, and the comparison is charged.
 */
export function allowedValues(members: readonly unknown[]): (value: unknown) => boolean {
  const known = tests.get(members);
  if (known !== undefined) return known;
  const scalars = new Set(members.filter((member) => !isCompound(member)));
  const compounds = members.filter(isCompound);
  const test = (value: unknown): boolean => {
    workMeter.charge(workPerLookup);
    if (!isCompound(value)) return scalars.has(value);
    return compounds.some((compound) => equals(compound, value, workMeter));
  };
  tests.set(members, test);
  return test;
}

export function isCompound(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Shared by the two compilers of a draft, which compile the same schema. */
const tests = new WeakMap<readonly unknown[], (value: unknown) => boolean>();
const workPerLookup = 3;
