import type { Due } from "./due-heap.ts";

/** How a request ends where the service ends it. */
export type Ending =
  | { readonly kind: "answer" }
  | { readonly kind: "half-body" }
  | { readonly kind: "reset" }
  | { readonly kind: "status"; readonly status: number };

/** A request, as the server sees it. */
export interface Visitor {
  readonly method: string;
  end(ending: Ending): void;
}

/**
 * A request's way: in line, in a slot, delayed after it, held by a black hole; or it is over. One that left while in
 * a slot stays there: the service does not notice, as real ones do not.
 */
export interface Job extends Due {
  readonly visitor: Visitor;
  readonly arrivedAt: number;
  readonly ending: Ending;
  state: "line" | "slot" | "delayed" | "held" | "over";
  isGone: boolean;
  startedAt: number;
  /** Of its next step; changed only while it is in no heap. */
  dueAt: number;
  /** Who stands behind it in line. */
  next: Job | undefined;
}
