import type { ErrorObject } from "ajv";

/**
 * What a meta-schema has against a schema, one fault for each place: ajv tells one for each branch that a value could
 * have taken, and that none of them was.
 */
export function schemaFaults(errors: readonly ErrorObject[]): ReadonlyMap<string, string> {
  const best = new Map<string, ErrorObject>();
  for (const error of errors) {
    const { instancePath } = error;
    const known = best.get(instancePath);
    if (known === undefined || rank(error) < rank(known)) best.set(instancePath, error);
  }
  const paths = [...best.keys()];
  const isTold = ([path, error]: [string, ErrorObject]): boolean => {
    return rank(error) < branches || !paths.some((other) => other.startsWith(`${path}/`));
  };
  return new Map([...best].filter(isTold).map(([path, error]) => [path, inWords(error)]));
}

/** The more a keyword says of what is wrong, the lower. */
function rank({ keyword }: ErrorObject): number {
  if (keyword === "enum") return 0;
  return keyword === "anyOf" || keyword === "oneOf" || keyword === "if" ? branches : 1;
}

function inWords({ message = "is not allowed", params }: ErrorObject): string {
  const { allowedValues } = params as { allowedValues?: readonly unknown[] };
  return allowedValues === undefined ? message : `${message}: ${allowedValues.join(", ")}`;
}

const branches = 2;
