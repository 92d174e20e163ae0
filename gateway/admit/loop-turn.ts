import type { Clock } from "../clock.ts";

/** What the event loop tells of itself. */
export interface LoopGauge {
  /** Turns since the start. */
  turns(): number;
  /** Milliseconds that it has waited for something to do since the start. */
  idleMs(): number;
}

/** Calls back once this turn of the event loop has looked at all that was there to be read. */
export type AtTurnsEnd = (callback: () => void) => void;

/**
 * The present turn of the event loop, as the requests that it reads see it. All that has come is worked off in one turn,
 * one after the other; with more to do than it can, each turn works off what came during the one before, which is more.
 * So the time that a turn has worked already is how late this process is, known at once and exactly: there is no window
 * to wait for.
 */
export class LoopTurn {
  readonly #clock: Clock;
  readonly #loop: LoopGauge;
  readonly #atEnd: AtTurnsEnd;
  #isUnderWay = false;
  #beganAt = 0;
  #requests = 0;
  #longestMs = 0;
  /** Of the latest turn that read requests: its number, when it was over, and how long the loop had been idle then. */
  #last = { turn: -1, endedAt: 0, idleMs: 0 };

  constructor(clock: Clock, loop: LoopGauge, atEnd: AtTurnsEnd) {
    this.#clock = clock;
    this.#loop = loop;
    this.#atEnd = atEnd;
  }

  /** A request that was read at `now`: answers for how many milliseconds this turn has worked. */
  enter(now: number): number {
    if (!this.#isUnderWay) this.#begin(now);
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

  /** Where the turn before is known, what this one did before its first request counts as well; its wait does not. */
  #begin(now: number): void {
    const { turn, endedAt, idleMs } = this.#last;
    const followsLast = this.#loop.turns() === turn + 1;
    this.#beganAt = followsLast ? Math.min(now, endedAt + this.#loop.idleMs() - idleMs) : now;
    this.#isUnderWay = true;
    this.#requests = 0;
    this.#atEnd(this.#end);
  }

  readonly #end = (): void => {
    this.#isUnderWay = false;
    const endedAt = this.#clock.now();
    this.#longestMs = Math.max(this.#longestMs, endedAt - this.#beganAt);
    this.#last = { turn: this.#loop.turns(), endedAt, idleMs: this.#loop.idleMs() };
  };
}
