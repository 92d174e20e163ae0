import type { ErrorObject } from "ajv";

import type { ValidationError } from "../failures/failure.ts";

import { fragmentPointer, memberPointer, pointerMembers } from "./pointer.ts";
import { ruleInWords } from "./rule-words.ts";

/** Most errors told at once: enough to repair a request, too few to be worth asking for. */
export const maxErrors = 20;

/**
 * Errors in a body. `pointer` is an RFC 6901 fragment; a member that is missing or too many is pointed at itself, not
 * at its parent. Values are never told; names are cut to a bounded length, at a member's end.
 */
export function bodyErrors(errors: readonly ErrorObject[]): ValidationError[] {
  return errors.slice(0, maxErrors).map(bodyError);
}

/** One error in a body. */
export function bodyError(error: ErrorObject): ValidationError & { readonly pointer: string } {
  const member = memberConcerned(error);
  const path = member === undefined ? error.instancePath : memberPointer(error.instancePath, member);
  return { pointer: fragmentPointer(boundedPointer(path)), keyword: error.keyword, detail: ruleInWords(error) };
}

/** Errors in query, path or header parameters, by the parameter's name. */
export function parameterErrors(errors: readonly ErrorObject[]): ValidationError[] {
  return errors.slice(0, maxErrors).map((error) => {
    const name = pointerMembers(error.instancePath)[0] ?? memberConcerned(error);
    const { keyword } = error;
    const detail = ruleInWords(error);
    return name === undefined ? { keyword, detail } : { parameter: boundedName(name), keyword, detail };
  });
}

/** A parameter's name as it may be told. */
export function boundedName(name: string): string {
  return (name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name).toWellFormed();
}

function memberConcerned({ keyword, params, propertyName }: ErrorObject): string | undefined {
  if (propertyName !== undefined) return propertyName;
  const details = params as Readonly<Record<string, unknown>>;
  const member = details[memberParameters[keyword] ?? ""];
  return typeof member === "string" ? member : undefined;
}

function boundedPointer(path: string): string {
  if (path.length <= maxPointerLength) return path;
  return path.slice(0, path.lastIndexOf("/", maxPointerLength));
}

/** Where ajv names the member that a keyword is about. */
const memberParameters: Readonly<Record<string, string>> = {
  required: "missingProperty",
  dependentRequired: "missingProperty",
  dependencies: "missingProperty",
  additionalProperties: "additionalProperty",
  unevaluatedProperties: "unevaluatedProperty",
  propertyNames: "propertyName",
};

const maxPointerLength = 512;
const maxNameLength = 128;
