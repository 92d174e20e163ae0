/**
 * A regular expression as a tree. Captures are gone: what a schema asks of a pattern is whether it matches at all.
 * Characters stay as they were written, for V8 itself is asked what they cover.
 */
export type PatternNode =
  | { readonly kind: "character"; readonly source: string }
  | { readonly kind: "edge"; readonly edge: Edge }
  | { readonly kind: "wordBoundary"; readonly wordSource: string; readonly isNegated: boolean }
  | {
      readonly kind: "look";
      readonly body: PatternNode;
      readonly isBehind: boolean;
      readonly isNegated: boolean;
      /** Where the body begins and ends in the pattern's text. */
      readonly span: readonly [from: number, to: number];
    }
  | { readonly kind: "sequence"; readonly items: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly options: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly body: PatternNode; readonly min: number; readonly max: number }
  /** A back-reference, with the group that it refers to where that stands before it. */
  | { readonly kind: "reference"; readonly group: PatternNode | undefined };

/** `start` and `end` of the whole text, or of a line where the `m` modifier holds. */
export type Edge = "start" | "end" | "lineStart" | "lineEnd";

/** A regular expression that is one, and that cannot be run safely on a hostile text. */
export class UnsafePattern extends Error {
  override readonly name = "UnsafePattern";
}
