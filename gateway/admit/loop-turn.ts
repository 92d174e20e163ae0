import type { Clock } from "../clock.ts";

/** Calls back once this turn of the event loop has looked at all that was there to be read. */
export type AtTurnsEnd = (callback: () => void) => void;

/**
 * The present turn of the event loop, as the requests that it reads see it. What has come on many connections is worked
 * off in one turn, one after the other; with more to do than it can, each turn reads what came during the one before,
 * which is more. So the time that a turn has lasted already is how late this process is, known at once and exactly: there
 * is no window to wait for.
 */
export class LoopTurn {
  readonly #atEnd: AtTurnsEnd;
  readonly #clock: Clock;
  #isUnderWay = false;
  #beganAt = 0;
  #requests = 0;
  #longestMs = 0;

  constructor(clock: Clock, atEnd: AtTurnsEnd) {
    this.#clock = clock;
    this.#atEnd = atEnd;
  }

  /** A request that was read at `now`: answers how many milliseconds after the first one of this turn. */
  enter(now: number): number {
    if (!this.#isUnderWay) {
      this.#isUnderWay = true;
      this.#beganAt = now;
      this.#requests = 0;
      this.#atEnd(this.#end);
    }
    this.#requests++;
    return now - this.#beganAt;
  }

  /** Requests of the present turn. */
  get requests(): number {
    return this.#requests;
  }

  /** Milliseconds of the longest turn since this was last asked for. */
  takeLongest(): number {
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  readonly #end = (): void => {
    this.#isUnderWay = false;
    this.#longestMs = Math.max(this.#longestMs, this.#clock.now() - this.#beganAt);
  };
}
