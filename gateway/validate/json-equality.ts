import type { WorkMeter } from "./work-meter.ts";

import { countMembers } from "./members.ts";

/**
 * Whether a value equals one of a schema, as JSON Schema defines it: by value, members in any order. Stops at the first
 * difference. ajv's comparison lists all members of the value for each schema value it compares, and throws a TypeError
 * where the body names a member `valueOf` or `toString`.
 *
 * @throws WorkExceeded
 */
export function equals(expected: unknown, value: unknown, meter: WorkMeter): boolean {
  meter.charge(workPerValue);
  if (typeof expected !== "object" || expected === null) return expected === value;
  if (typeof value !== "object" || value === null || Array.isArray(expected) !== Array.isArray(value)) return false;
  return Array.isArray(expected)
    ? equalItems(expected, value as readonly unknown[], meter)
    : equalMembers(expected as JsonObject, value as JsonObject, meter);
}

type JsonObject = Readonly<Record<string, unknown>>;

function equalItems(expected: readonly unknown[], value: readonly unknown[], meter: WorkMeter): boolean {
  return expected.length === value.length && expected.every((item, i) => equals(item, value[i], meter));
}

function equalMembers(expected: JsonObject, value: JsonObject, meter: WorkMeter): boolean {
  const names = Object.keys(expected);
  meter.charge(workPerValue * names.length);
  for (const name of names) {
    if (!Object.hasOwn(value, name) || !equals(expected[name], value[name], meter)) return false;
  }
  return countMembers(value, meter) === names.length;
}

const workPerValue = 8;
