import type { ErrorObject } from "ajv";

/**
 * What a meta-schema has against a schema, one fault for each place: ajv tells one for each branch that a value could
 * have taken, and one more for that none of them was.
 */
export function schemaFaults(errors: readonly ErrorObject[]): ReadonlyMap<string, string> {
  const places = Map.groupBy(errors, ({ instancePath }) => instancePath);
  const faults = new Map<string, string>();
  for (const [path, told] of places) {
    // Where one of several branches got further down, its fault is there, and the others were not meant.
    const isDeeper = [...places.keys()].some((other) => other.startsWith(`${path}/`));
    if (isDeeper && told.some(isBranch)) continue;
    const best = told.find(({ keyword }) => keyword === "enum") ?? told.find((error) => !isBranch(error)) ?? told[0];
    if (best !== undefined) faults.set(path, inWords(best));
  }
  return faults;
}

function isBranch({ keyword }: ErrorObject): boolean {
  return keyword === "anyOf" || keyword === "oneOf" || keyword === "if";
}

function inWords({ message = "is not allowed", params }: ErrorObject): string {
  const { allowedValues } = params as { allowedValues?: readonly unknown[] };
  return allowedValues === undefined ? message : `${message}: ${allowedValues.join(", ")}`;
}
