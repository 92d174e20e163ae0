import type { ErrorObject } from "ajv";

import type { SchemaCheck } from "./schema-check.ts";

import { Failure } from "../failures/failure.ts";
import { memberPaths } from "./member-paths.ts";
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
  schema: Pick<SchemaCheck, "quick" | "thorough">,
  value: unknown,
  bytes: number,
): readonly ErrorObject[] {
  const { quick } = schema;
  if (runs(quick, value, allowanceFor(bytes))) return noErrors;
  const first = quick.errors ?? noErrors;
  if (bytes > maxSearchedBytes) return first;
  const { thorough } = schema;
  try {
    return runs(thorough, value, thoroughAllowance) ? first : (thorough.errors ?? first);
  } catch (error) {
    // To stop at the first error was within bounds: that one is told.
    if (error instanceof WorkExceeded) return first;
    throw error;
  }
}

/** Steps for the first pass: 10 ms for a short body, 50 ms for one of 250 KB to 1 MiB, then 40 ms for each MiB. */
function allowanceFor(bytes: number): number {
  return 2_000_000 + Math.max(8 * bytes, Math.min(32 * bytes, 8_000_000));
}

function runs(validate: SchemaCheck["quick"], value: unknown, allowance: number): boolean {
  workMeter.begin(allowance);
  try {
    return validate(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The depth of JSON is bounded, so this takes a schema that recurses many times on each level.
    throw new Failure("malformed_body", { cause: error });
  } finally {
    workMeter.end();
    memberPaths.clear();
  }
}

const maxSearchedBytes = 16 * 1024;
/** Steps for the pass that finds every error: about 5 ms. */
const thoroughAllowance = 1_000_000;
const noErrors: readonly ErrorObject[] = Object.freeze([]);
