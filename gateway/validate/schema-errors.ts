import type { ErrorObject } from "ajv";

import type { SchemaCheck } from "./schema-compiler.ts";

import { Failure } from "../failures/failure.ts";

/**
 * What a schema has against a value; empty for nothing. A value of up to 16 KiB is searched to the end; in a larger
 * one the first error is told, for each of half a million wrong items would cost an object.
 *
 * @param bytes length of the text it came from
 * @throws Failure malformed_body where the value nests too deeply for the schema
 */
export function findErrors(
  { quick, thorough }: Pick<SchemaCheck, "quick" | "thorough">,
  value: unknown,
  bytes: number,
): readonly ErrorObject[] {
  try {
    if (quick(value)) return noErrors;
    if (bytes > maxSearchedBytes || thorough(value)) return quick.errors ?? noErrors;
    return thorough.errors ?? noErrors;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // The depth of JSON is bounded, so this takes a schema that recurses many times on each level.
    throw new Failure("malformed_body", { cause: error });
  }
}

const maxSearchedBytes = 16 * 1024;
const noErrors: readonly ErrorObject[] = Object.freeze([]);
