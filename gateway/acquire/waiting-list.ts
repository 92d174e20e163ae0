import type { Place } from "./place.ts";

/** Places in the order in which they were taken; either end, or one in the middle, leaves at the same small cost. */
export class WaitingList {
  oldest: Place | undefined;
  newest: Place | undefined;
  size = 0;

  append(place: Place): void {
    place.older = this.newest;
    if (this.newest === undefined) this.oldest = place;
    else this.newest.newer = place;
    this.newest = place;
    this.size++;
  }

  /** `place` is in this list. */
  remove(place: Place): void {
    const { older, newer } = place;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.newest = older;
    else newer.older = older;
    place.older = place.newer = undefined;
    this.size--;
  }
}
