import { causeChain, stackOf } from "./cause.ts";

/** What stands in a log line in place of a secret. */
const redacted = "[Redacted]";

const builtIn = ["authorization", "cookie", "set-cookie", "proxy-authorization"] as const;
const maxDepth = 8;

/** Takes the secrets out of a log record, leaving the record itself as it was. */
export type Redact = (record: object) => Record<string, unknown>;

/**
 * A redactor of the built-in names and `names`, in any case and at any depth: as keys of objects, and as the names in
 * field lists (`name, value, name, value …`), flat or in pairs. Objects are read as plain data, without toJSON and no
 * deeper than eight levels; an error becomes its cause chain and stack.
 */
export function redactor(names: readonly string[]): Redact {
  const secret = new Set([...builtIn, ...names].map(lowerCase));

  function isSecret(name: unknown): boolean {
    return typeof name === "string" && secret.has(name.toLowerCase());
  }

  function value(given: unknown, depth: number): unknown {
    if (typeof given === "bigint") return given.toString();
    if (typeof given !== "object" || given === null) return given;
    if (given instanceof Error) return { causes: causeChain(given), stack: stackOf(given) };
    if (given instanceof Date) return Number.isNaN(given.getTime()) ? null : given.toISOString();
    if (ArrayBuffer.isView(given)) return `[${given.byteLength} bytes]`;
    if (depth >= maxDepth) return "[…]";
    return Array.isArray(given) ? list(given, depth) : fields(given, depth);
  }

  function list(given: readonly unknown[], depth: number): unknown[] {
    return given.map((item, index) => (index > 0 && isSecret(given[index - 1]) ? redacted : value(item, depth + 1)));
  }

  function fields(given: object, depth: number): Record<string, unknown> {
    const clean: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(given)) {
      // Assigning to __proto__ would set the record's prototype and lose the field.
      if (key !== "__proto__") clean[key] = isSecret(key) ? redacted : value(field, depth + 1);
    }
    return clean;
  }

  return (record) => fields(record, 0);
}

/** Whether a redactor of `names` changes records in which no name but `keys` occurs. */
export function redactsAny(names: readonly string[], keys: readonly string[]): boolean {
  const secret = new Set([...builtIn, ...names].map(lowerCase));
  return keys.some((key) => secret.has(key.toLowerCase()));
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
