import type { Path } from "../document.ts";

import { formatPath } from "../document.ts";

/** Where a number of the configuration comes from: the file, the defaults, or a preset. */
export interface Source {
  readonly path: Path;
  /** The preset that sets it, in place of the file. */
  readonly preset?: string;
}

/** A span of time of the configuration. */
export interface Quantity extends Source {
  readonly ms: number;
}

/** One side of an inequality: its value, how it is worked out in numbers, and where these come from. */
export interface Side {
  readonly ms: number;
  readonly worked: string;
  readonly sources: readonly Source[];
}

export type Relation = ">" | "≥" | "<" | "≤";

/** What must hold between spans of time that meet at run time. */
export interface Inequality {
  /** In the operator's words, such as `client timeout > route timeout`. */
  readonly law: string;
  readonly left: Side;
  readonly relation: Relation;
  readonly right: Side;
  /** What happens to requests where it does not hold. */
  readonly harm: string;
  /** The side to change, and the key to set for it: the side's first source if not given. */
  readonly mend: "left" | "right";
  readonly mendAt?: Path;
}

/** A broken inequality, as the operator reads it. */
export interface Misalignment {
  /** The key to change. */
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** The file's positions, as ConfigDocument knows them. */
export interface Positions {
  readonly file: string;
  positionOf(path: Path): string;
  sets(path: Path): boolean;
}

/** A side that is one quantity. */
export function only(quantity: Quantity): Side {
  return { ms: quantity.ms, worked: formatSpan(quantity.ms), sources: [quantity] };
}

/** In seconds where they are whole, never in minutes: `60s > 90s` is seen to be false, `1m > 90s` has to be worked out. */
export function formatSpan(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

interface RelationRule {
  readonly holds: (left: number, right: number) => boolean;
  /** What makes it hold, by the side that is changed. */
  readonly left: string;
  readonly right: string;
}

const relations: Readonly<Record<Relation, RelationRule>> = {
  ">": { holds: (left, right) => left > right, left: "more than", right: "less than" },
  "≥": { holds: (left, right) => left >= right, left: "at least", right: "at most" },
  "<": { holds: (left, right) => left < right, left: "less than", right: "more than" },
  "≤": { holds: (left, right) => left <= right, left: "at most", right: "at least" },
};

export function holds({ left, relation, right }: Inequality): boolean {
  return relations[relation].holds(left.ms, right.ms);
}

/** The inequality with its numbers, where each stands, and the change that makes it hold. */
export function describe(inequality: Inequality, positions: Positions): Misalignment {
  const { law, left, relation, right, harm, mend, mendAt } = inequality;
  const sources = [...left.sources, ...right.sources].map((source) => describeSource(source, positions));
  const worked = `${left.worked} ${relation} ${right.worked}`;
  const [changed, kept] = mend === "left" ? [left, right] : [right, left];
  const path = mendAt ?? changed.sources[0]?.path ?? [];
  return {
    path,
    message: `${law} does not hold: ${worked} [${sources.join(", ")}], so ${harm}`,
    hint: `set ${formatPath(path)} to ${relations[relation][mend]} ${formatSpan(kept.ms)}`,
  };
}

function describeSource({ path, preset }: Source, positions: Positions): string {
  const name = formatPath(path);
  if (preset !== undefined) {
    const place = positions.positionOf([...path.slice(0, -1), "preset"]);
    return `${name} by preset ${preset} at ${positions.file}:${place}`;
  }
  return positions.sets(path) ? `${name} at ${positions.file}:${positions.positionOf(path)}` : `${name} (default)`;
}
