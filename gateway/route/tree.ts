import FindMyWay from "find-my-way";

import type { PathPattern, PatternSegment } from "./pattern.ts";

import { segmentValue } from "./canonical.ts";

/** What a leaf holds: the payload, and the names of its parameters in the order of the path. */
export interface Leaf<T> {
  readonly value: T;
  readonly names: readonly string[];
}

export interface TreeEntry<T> extends Leaf<T> {
  readonly method: string;
  readonly pattern: PathPattern;
}

export interface Found<T> {
  readonly leaf: Leaf<T>;
  readonly captured: Readonly<Record<string, string | undefined>>;
}

/**
 * A radix tree over canonical paths: per method, literal before parameter from left to right. find-my-way decodes
 * what it is given and has no way to write a literal `*`, so it sees paths in an alphabet in which neither `%` nor `*`
 * occurs; see `treePath`.
 */
export class Tree<T> {
  // Lengths are bounded by listen.maxTargetLength; a second, hidden bound would answer long parameters with 404.
  readonly #tree = FindMyWay({ maxParamLength: Number.MAX_SAFE_INTEGER, querystringParser: () => noQuery });

  constructor(entries: Iterable<TreeEntry<T>>) {
    for (const { method, pattern, value, names } of entries) {
      const leaf: Leaf<T> = { value, names };
      for (const path of treePatterns(pattern)) this.#tree.on(method as Method, path, noHandler, leaf);
    }
  }

  /** What serves a path, which is already in the tree's alphabet. */
  find(method: string, path: string): Found<T> | undefined {
    const found = this.#tree.find(method as Method, path);
    return found === null ? undefined : { leaf: found.store as Leaf<T>, captured: found.params };
  }
}

type Method = FindMyWay.HTTPMethod;

/** A canonical path in the tree's alphabet. */
export function treePath(canonical: string): string {
  const path = canonical.includes("%") ? canonical.replaceAll("%", percentStandIn) : canonical;
  return path.includes("*") ? path.replaceAll("*", starStandIn) : path;
}

/** The values of a match's parameters, decoded once. */
export function parametersOf<T>({ leaf, captured }: Found<T>): Readonly<Record<string, string>> {
  if (leaf.names.length === 0) return noParameters;
  const parameters = Object.create(null) as Record<string, string>;
  for (let i = 0; i < leaf.names.length; i++) parameters[leaf.names[i] ?? ""] = valueOf(captured[i] ?? "");
  return parameters;
}

function valueOf(segment: string): string {
  return standIn.test(segment)
    ? segmentValue(segment.replaceAll(percentStandIn, "%").replaceAll(starStandIn, "*"))
    : segment;
}

/** Two patterns that match the same paths have the same key. */
export function patternKey({ kind, segments }: PathPattern): string {
  return `${kind} /${segments.map((segment) => ("literal" in segment ? segment.literal : "{}")).join("/")}`;
}

function treePatterns(pattern: PathPattern): string[] {
  let parameters = 0;
  const write = (segment: PatternSegment): string =>
    // A parameter is never empty: without the expression, `/orders/` would be an order without a name.
    "literal" in segment ? `/${treePath(segment.literal).replaceAll(":", "::")}` : `/:${parameters++}(.+)`;
  const trunk = pattern.segments.map(write).join("");
  if (pattern.kind === "path") return [trunk];
  return trunk === "" ? ["/*"] : [trunk, `${trunk}/*`];
}

// Control characters: a canonical path holds none.
const percentStandIn = "\u0001";
const starStandIn = "\u0002";
const standIn = new RegExp(`[${percentStandIn}${starStandIn}]`);
const noQuery = Object.freeze({});
const noParameters = Object.freeze({});

function noHandler(): void {
  // The tree is asked by `find` only, and answers with the stored leaf.
}
