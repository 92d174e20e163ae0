import type { ErrorObject } from "ajv";

import type { SchemaCheck } from "./schema-compiler.ts";
import type { Allowance } from "./work-meter.ts";

import { Failure } from "../failures/failure.ts";
import { WorkExceeded, workMeter } from "./work-meter.ts";

/**
 * What a schema has against a value; empty for nothing. A value of up to 16 KiB is searched to the end; in a larger
 * one the first error is told, for each of half a million wrong items would cost an object.
 *
 * @param bytes length of the text it came from
 * @throws Failure malformed_body where the value nests too deeply for the schema
 * @throws WorkExceeded where the schema asks for too much work on this value
 */
export function findErrors(
  { quick, thorough }: Pick<SchemaCheck, "quick" | "thorough">,
  value: unknown,
  bytes: number,
): readonly ErrorObject[] {
  if (runs(quick, value, allowanceFor(bytes))) return noErrors;
  const first = quick.errors ?? noErrors;
  if (bytes > maxSearchedBytes) return first;
  try {
    return runs(thorough, value, thoroughAllowance) ? first : (thorough.errors ?? first);
  } catch (error) {
    // To stop at the first error was within bounds: that one is told.
    if (error instanceof WorkExceeded) return first;
    throw error;
  }
}

/** About 10 ms, and 15 ms for each megabyte; a reference for each two bytes, `1,` being the shortest item. */
function allowanceFor(bytes: number): Allowance {
  return { steps: 2_000_000 + 3 * bytes, references: 20_000 + Math.ceil(bytes / 2) };
}

function runs(validate: SchemaCheck["quick"], value: unknown, allowance: Allowance): boolean {
  workMeter.begin(allowance);
  try {
    return validate(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The depth of JSON is bounded, so this takes a schema that recurses many times on each level.
    throw new Failure("malformed_body", { cause: error });
  } finally {
    workMeter.end();
  }
}

const maxSearchedBytes = 16 * 1024;
/** Fewer than for the first pass, for each step may make an error object. */
const thoroughAllowance: Allowance = { steps: 400_000, references: 25_000 };
const noErrors: readonly ErrorObject[] = Object.freeze([]);
