const parameter = /^\{([A-Za-z_][A-Za-z0-9_-]{0,63})\}$/;

interface PathShape {
  /** Literal segments, and null for each {param}. */
  readonly segments: readonly (string | null)[];
  readonly isPrefix: boolean;
}

/** A valid path pattern taken apart. */
export function pathShape(pattern: string): PathShape {
  const isPrefix = pattern.endsWith("/*");
  const path = isPrefix ? pattern.slice(0, -2) : pattern;
  return {
    segments: path
      .split("/")
      .slice(1)
      .map((segment) => (parameter.test(segment) ? null : segment)),
    isPrefix,
  };
}

// Requests are matched decoded and with these refused, so a pattern that has them could never match.
function literalFault(path: string): string | undefined {
  if (!path.startsWith("/")) return "does not begin with /";
  if (/[?#]/.test(path)) return "has a query or a fragment";
  if (path.includes("%")) return "has an escape; write the character itself";
  if (path.includes("\\")) return "has a backslash";
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(path)) return "has a control character";
  if (path.includes("//")) return "has an empty segment";
  return path.split("/").some((segment) => segment === "." || segment === "..") ? "has a dot segment" : undefined;
}

/** What is wrong with a route's path, if anything. */
export function pathPatternFault(pattern: string): string | undefined {
  const path = pattern.endsWith("/*") ? pattern.slice(0, -1) : pattern;
  const fault = literalFault(path);
  if (fault !== undefined) return fault;
  if (path.includes("*")) return "has a * elsewhere than in a trailing /*";
  const names = new Set<string>();
  for (const segment of path.split("/")) {
    const name = parameter.exec(segment)?.[1];
    if (name === undefined && /[{}]/.test(segment)) return "has a brace that is no whole {name} segment";
    if (name !== undefined && names.has(name)) return `has the parameter {${name}} twice`;
    if (name !== undefined) names.add(name);
  }
  return undefined;
}

/** Whole literal segments, such as /v1. */
export function pathPrefixFault(prefix: string): string | undefined {
  const fault = literalFault(prefix);
  if (fault !== undefined) return fault;
  if (prefix.endsWith("/")) return "ends with /";
  return /[*{}]/.test(prefix) ? "has more than literal segments" : undefined;
}

/** Origin form without a fragment (RFC 9112 §3.2.1), sent as it is. */
export function requestTargetFault(target: string): string | undefined {
  if (!/^\/(?!\/)/.test(target)) return "does not begin with exactly one /";
  return /^[\x21\x22\x24-\x7e]+$/.test(target) ? undefined : "has a space, a fragment or a character to be escaped";
}
