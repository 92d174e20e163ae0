/** What has a moment at which it is due, in milliseconds of one clock. */
export interface Due {
  readonly dueAt: number;
}

/** A binary heap: whatever is due first comes out first. `dueAt` must not change while it is in. */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Infinity where nothing is in. */
  get nextAt(): number {
    return this.#items[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above]!;
      if (parent.dueAt <= item.dueAt) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    this.#sink(last);
    return first;
  }

  clear(): readonly T[] {
    return this.#items.splice(0);
  }

  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && items[below + 1]!.dueAt < items[below]!.dueAt) below += 1;
      const child = items[below]!;
      if (child.dueAt >= item.dueAt) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  }
}
