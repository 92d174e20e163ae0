/** A media type taken apart: lower-case names, parameter values unquoted. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * The one reading of Content-Type, RFC 9110 §8.3.1. Strict, because two readers that recover differently from a
 * faulty field take the same body for two things: a parameter given twice, spaces around `=` and text after the end
 * are faults.
 *
 * @returns undefined for a faulty field
 */
export function parseMediaType(field: string): MediaType | undefined {
  const head = essence.exec(field);
  if (head?.[1] === undefined || head[2] === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (let at = head[0].length; at < field.length;) {
    parameter.lastIndex = at;
    const found = parameter.exec(field);
    if (found === null) return undefined;
    at = parameter.lastIndex;
    const name = found[1]?.toLowerCase();
    if (name === undefined) continue;
    if (parameters.has(name)) return undefined;
    parameters.set(name, found[2] ?? (found[3] ?? "").replace(/\\(.)/gs, "$1"));
  }
  return { type: head[1].toLowerCase(), subtype: head[2].toLowerCase(), parameters };
}

/** Media types that a route accepts. */
export interface AcceptedTypes {
  /** Value of an Accept field that names them. */
  readonly accept: string;
  /** Fields that match as they are written, without being parsed. */
  readonly exact: ReadonlySet<string>;
  readonly ranges: readonly MediaRange[];
}

interface MediaRange {
  /** `*` for any. */
  readonly type: string;
  /** `*` for any, else a whole subtype; ignored where there is a suffix. */
  readonly subtype: string;
  /** From `*+json`: `+json`, and so any subtype that ends in it. */
  readonly suffix: string | undefined;
}

/** Compiles media ranges such as `application/json`, `application/*+json`, `image/*`. */
export function compileAcceptedTypes(ranges: readonly string[]): AcceptedTypes {
  const lower = ranges.map((range) => range.trim().toLowerCase());
  return {
    accept: ranges.join(", "),
    exact: new Set(lower.filter((range) => !range.includes("*"))),
    ranges: lower.map(parseRange),
  };
}

/** Whether a Content-Type field, parsed, is among the accepted types. */
export function isAccepted(accepted: AcceptedTypes, { type, subtype }: MediaType): boolean {
  return accepted.ranges.some((range) => {
    if (range.type !== "*" && range.type !== type) return false;
    if (range.suffix !== undefined) return subtype.length > range.suffix.length && subtype.endsWith(range.suffix);
    return range.subtype === "*" || range.subtype === subtype;
  });
}

function parseRange(range: string): MediaRange {
  const [type = "", rest = ""] = range.split(";", 1).join("").trim().split("/");
  return { type, subtype: rest, suffix: rest.startsWith("*+") ? rest.slice(1) : undefined };
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const quoted = String.raw`"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"`;
const essence = new RegExp(`^[ \\t]*(${token})/(${token})`);
/** `;` with a parameter or, as the grammar allows, without one; at the end also trailing spaces. */
const parameter = new RegExp(`[ \\t]*(?:;[ \\t]*(?:(${token})=(?:(${token})|${quoted}))?|$)`, "y");
