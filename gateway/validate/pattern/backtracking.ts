import type { PatternNode } from "./syntax.ts";

/** What V8's backtracking may have to try in the worst case. */
export interface Effort {
  /** `constant` whatever the text; `linear` in its length; `worse` where that cannot be shown. */
  readonly growth: "constant" | "linear" | "worse";
  /** Steps, at most: in all, or for each character. */
  readonly steps: number;
}

/**
 * Judges a pattern by its form, on the safe side. V8 tries every way through a pattern; with no loop there are as
 * many as the choices multiply to, one loop over a single character adds its length once, and having to begin at any
 * place of the text counts as a loop too. Two loops may be quadratic, a loop around a loop exponential: `worse`.
 */
export function judgeEffort(root: PatternNode): Effort {
  const { ways, length, loops } = pathsOf(root);
  const degree = loops + (isAnchored(root) ? 0 : 1);
  const growths = ["constant", "linear"] as const;
  return { growth: growths[degree] ?? "worse", steps: ways * (length + 1) };
}

interface Paths {
  /** Ways through, loops aside. */
  readonly ways: number;
  /** Characters on the longest way, loops aside. */
  readonly length: number;
  /** Loops on the worst way; Infinity where they nest. */
  readonly loops: number;
}

function pathsOf(node: PatternNode): Paths {
  switch (node.kind) {
    case "character":
    case "edge":
    case "wordBoundary":
      return { ways: 1, length: 1, loops: 0 };
    case "look":
      return pathsOf(node.body);
    case "sequence":
      return node.items.map(pathsOf).reduce(inSequence, { ways: 1, length: 0, loops: 0 });
    case "choice":
      return node.options.map(pathsOf).reduce(inChoice, { ways: 0, length: 0, loops: 0 });
    case "repeat":
      return repeated(node, pathsOf(node.body));
    case "reference":
      return referenced(node.group);
  }
}

/** One way, compared character by character: a group with a loop may have matched the whole text. */
function referenced(group: PatternNode | undefined): Paths {
  const { length, loops } = group === undefined ? { length: 1, loops: 1 } : pathsOf(group);
  return { ways: 1, length, loops: Math.min(loops, 1) };
}

function inSequence(before: Paths, after: Paths): Paths {
  return {
    ways: before.ways * after.ways,
    length: before.length + after.length,
    loops: before.loops + after.loops,
  };
}

function inChoice(one: Paths, other: Paths): Paths {
  return {
    ways: one.ways + other.ways,
    length: Math.max(one.length, other.length),
    loops: Math.max(one.loops, other.loops),
  };
}

function repeated({ body, min, max }: Extract<PatternNode, { kind: "repeat" }>, { ways, length, loops }: Paths): Paths {
  if (max <= maxWrittenOut) {
    let sum = 0;
    for (let times = min; times <= max; times++) sum += ways ** times;
    return { ways: sum, length: max * length, loops: max * loops };
  }
  return { ways: 1, length: 1, loops: body.kind === "character" ? 1 : Infinity };
}

/** Surely begins at the start of the text. */
function isAnchored(node: PatternNode): boolean {
  if (node.kind === "edge") return node.edge === "start";
  if (node.kind === "choice") return node.options.every(isAnchored);
  return node.kind === "sequence" && node.items[0] !== undefined && isAnchored(node.items[0]);
}

/** A repeat of more is a loop: its length counts as the text's. */
const maxWrittenOut = 20;
