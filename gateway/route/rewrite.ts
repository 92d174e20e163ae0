import { canonicalPath } from "./canonical.ts";
import { canonicalLiteral } from "./pattern.ts";

/** Turns a raw request target (path and query) into the one the upstream gets. */
export type Rewrite = (target: string) => string;

/**
 * Compiles `rewrite.stripPrefix`. The prefix ends at a segment's end: `/v1` takes from `/v1/orders` and `/v1`, not
 * from `/v10`. What is left begins with one slash, and is byte for byte what came; a target without the prefix stays
 * as it is. Paths must have passed the router, which refuses those with dot or empty segments.
 */
export function compileRewrite(stripPrefix: string): Rewrite {
  const trunk = stripPrefix.replace(/\/\*?$/, "");
  if (trunk === "") return (target) => target;
  const prefix = canonicalLiteral(trunk);
  const segments = prefix.split("/").length - 1;
  return (target) => {
    if (target.startsWith(prefix) && endsSegment(target.charCodeAt(prefix.length))) {
      return rooted(target.slice(prefix.length));
    }
    // The same path may come with letters escaped that need not be: then count segments, for bytes differ.
    const end = segmentsEnd(target, segments);
    return canonicalPath(target.slice(0, end), "allow") === prefix ? rooted(target.slice(end)) : target;
  };
}

/** Where the first `count` segments of a target end: at a slash, at the query or at its end. */
function segmentsEnd(target: string, count: number): number {
  const query = target.indexOf("?");
  const pathEnd = query === -1 ? target.length : query;
  let end = 0;
  for (let i = 0; i < count && end < pathEnd; i++) {
    const next = target.indexOf("/", end + 1);
    end = next === -1 || next > pathEnd ? pathEnd : next;
  }
  return end;
}

function rooted(rest: string): string {
  return rest.charCodeAt(0) === slash ? rest : `/${rest}`;
}

/** NaN is the end of the target. */
function endsSegment(code: number): boolean {
  return Number.isNaN(code) || code === slash || code === questionMark;
}

const slash = 0x2f;
const questionMark = 0x3f;
