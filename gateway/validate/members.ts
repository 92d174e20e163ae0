import type { WorkMeter } from "./work-meter.ts";

/**
 * Lists the names of an object's members, and charges the iteration over them. Each member of a large object costs many
 * times more, because the object does not fit in the processor's cache.
 *
 * @throws WorkExceeded
 */
export function listMembers(object: object, meter: WorkMeter, workPerMember = 0): readonly string[] {
  const names = Object.keys(object);
  meter.charge(names.length * (memberWork(names.length) + workPerMember));
  return names;
}

/**
 * Counts the members of an object, which V8 does by listing them.
 *
 * @throws WorkExceeded
 */
export function countMembers(object: object, meter: WorkMeter): number {
  return listMembers(object, meter).length;
}

function memberWork(members: number): number {
  return members > manyMembers ? workInLarge : workInSmall;
}

const manyMembers = 512;
const workInSmall = 4;
const workInLarge = 90;
