import type { PatternNode } from "./syntax.ts";

/** One of several patterns that must all hold of a text, or must not match it. */
export interface Conjunct {
  readonly pattern: string;
  readonly isNegated: boolean;
}

/**
 * Takes `^(?=A)(?!B)C` apart into `^(?:A)`, not `^(?:B)`, and `^C`, which mean the same and are each simpler: the
 * usual rules for passwords become patterns without a lookahead. Undefined for a pattern of another form.
 */
export function conjunctsOf(pattern: string, root: PatternNode): readonly Conjunct[] | undefined {
  if (root.kind !== "sequence" || hasReference(root)) return undefined;
  const [first, ...items] = root.items;
  if (first?.kind !== "edge" || first.edge !== "start") return undefined;
  const end = items.findIndex((item) => item.kind !== "look" || item.isBehind);
  const looks = items.slice(0, end === -1 ? items.length : end).filter((item) => item.kind === "look");
  const last = looks.at(-1);
  // Not where the whole stands in a group: then its text is not the pattern's.
  if (last === undefined || looks[0]?.span[0] !== "^(?=".length) return undefined;
  return [
    ...looks.map(({ span, isNegated }) => ({ pattern: `^(?:${pattern.slice(...span)})`, isNegated })),
    { pattern: `^${pattern.slice(last.span[1] + 1)}`, isNegated: false },
  ];
}

function hasReference(node: PatternNode): boolean {
  switch (node.kind) {
    case "reference":
      return true;
    case "sequence":
      return node.items.some(hasReference);
    case "choice":
      return node.options.some(hasReference);
    case "repeat":
    case "look":
      return hasReference(node.body);
    default:
      return false;
  }
}
