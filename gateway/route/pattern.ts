import { canonicalPath } from "./canonical.ts";

/** A route's path, taken apart. Segments are canonical; those of a prefix exclude the trailing `*`. */
export interface PathPattern {
  readonly kind: "path" | "prefix";
  readonly segments: readonly PatternSegment[];
}

export type PatternSegment = { readonly literal: string } | { readonly parameter: string };

/**
 * Reads a route's `path`. `{name}` is one whole segment, a trailing `/*` a prefix, all else literal: it may be
 * written plain (`/café`) or escaped (`/caf%C3%A9`).
 *
 * @throws Failure malformed_request where no request could ever have this path
 */
export function parsePattern(path: string): PathPattern {
  const isPrefix = path.endsWith("/*");
  const trunk = isPrefix ? path.slice(0, -2) : path;
  const segments = trunk === "" ? [] : trunk.slice(1).split("/");
  return { kind: isPrefix ? "prefix" : "path", segments: segments.map(parseSegment) };
}

function parseSegment(text: string): PatternSegment {
  const parameter = /^\{([^{}]+)\}$/.exec(text)?.[1];
  if (parameter !== undefined) return { parameter };
  return { literal: canonicalLiteral(`/${text}`).slice(1) };
}

/**
 * The canonical form of a path that an operator wrote. Operators write characters where a request path can hold only
 * their escapes; an escape they wrote stays one.
 *
 * @throws Failure malformed_request where no request could ever have this path
 */
export function canonicalLiteral(path: string): string {
  const escaped = path
    .replace(/%(?![0-9A-Fa-f]{2})/g, "%25")
    .replace(/[^\x21-\x7e]+/g, encodeURIComponent)
    .replaceAll("?", "%3F")
    .replaceAll("#", "%23");
  return canonicalPath(escaped);
}
