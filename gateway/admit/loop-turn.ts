import type { Clock } from "../exchange/clock.ts";
import type { PreviousTurn } from "./overload-detector.ts";

/** What the event loop tells of itself. */
export interface LoopGauge {
  /** Turns since the start. */
  turns(): number;
  /** Milliseconds that it has waited for events since the start. */
  idleMs(): number;
  /** Milliseconds of CPU time that the loop's thread has used. A call costs about half a microsecond. */
  cpuMs(): number;
}

/** Calls back once this turn of the event loop has looked at all that was there to be read. */
export type AtTurnsEnd = (callback: () => void) => void;

/** The latest turn that read requests, as it ended. */
interface LastTurn {
  readonly turn: number;
  readonly endedAt: number;
  readonly idleMs: number;
  readonly cpuMs: number | undefined;
  readonly workedMs: number;
}

/** A turn that reads no more requests than this is not busy. */
const maxIdleRequests = 8;

/**
 * The present turn of the event loop, as seen by the requests that it reads. One turn handles all events that were ready
 * when it began. With more work than the process can do, each turn handles what arrived during the one before, which is
 * more. So the time that a turn has worked already is how late the process is, known at once and without a window.
 */
export class LoopTurn {
  readonly #clock: Clock;
  readonly #loop: LoopGauge;
  readonly #atEnd: AtTurnsEnd;
  #isUnderWay = false;
  #beganAt = 0;
  #previous: PreviousTurn = { workedMs: 0, pauseMs: Infinity };
  #requests = 0;
  /** CPU time of the thread when this turn began, or when it became busy. */
  #cpuMsBefore: number | undefined;
  #longestMs = 0;
  #last: LastTurn = { turn: -2, endedAt: -Infinity, idleMs: 0, cpuMs: undefined, workedMs: 0 };

  constructor(clock: Clock, loop: LoopGauge, atEnd: AtTurnsEnd) {
    this.#clock = clock;
    this.#loop = loop;
    this.#atEnd = atEnd;
  }

  /** Counts a request that was read at `now`; returns for how many milliseconds the turn has worked. */
  enter(now: number): number {
    if (!this.#isUnderWay) this.#begin(now);
    this.#requests++;
    if (this.isBusy) this.#cpuMsBefore ??= this.#loop.cpuMs();
    return now - this.#beganAt;
  }

  /** Requests that the turn has read. */
  get requests(): number {
    return this.#requests;
  }

  /** Whether the turn has read more requests than a process reads that has little to do. */
  get isBusy(): boolean {
    return this.#requests > maxIdleRequests;
  }

  /** The turn with requests before this one. */
  get previous(): PreviousTurn {
    return this.#previous;
  }

  /**
   * Milliseconds of CPU time that a busy turn has used. Less than it has worked where other processes had the CPU. Counts
   * from the turn's beginning if the turn before was busy, or else from the request that made this one busy.
   */
  ownMs(): number {
    return this.#cpuMsBefore === undefined ? 0 : this.#loop.cpuMs() - this.#cpuMsBefore;
  }

  /** Milliseconds of the longest turn since this was last asked for. */
  takeLongest(): number {
    const longestMs = this.#longestMs;
    this.#longestMs = 0;
    return longestMs;
  }

  /** Directly after the last turn, work before the first request counts as well; the wait for events does not. */
  #begin(now: number): void {
    const { turn, endedAt, idleMs, cpuMs, workedMs } = this.#last;
    const followsLast = this.#loop.turns() === turn + 1;
    this.#beganAt = followsLast ? Math.min(now, endedAt + this.#loop.idleMs() - idleMs) : now;
    this.#previous = { workedMs, pauseMs: this.#beganAt - endedAt };
    this.#cpuMsBefore = followsLast ? cpuMs : undefined;
    this.#isUnderWay = true;
    this.#requests = 0;
    this.#atEnd(this.#end);
  }

  readonly #end = (): void => {
    this.#isUnderWay = false;
    const endedAt = this.#clock.now();
    const workedMs = endedAt - this.#beganAt;
    this.#longestMs = Math.max(this.#longestMs, workedMs);
    // The next turn counts from here. Not read after short turns, because the call costs too much for one request.
    const cpuMs = this.isBusy ? this.#loop.cpuMs() : undefined;
    this.#last = { turn: this.#loop.turns(), endedAt, idleMs: this.#loop.idleMs(), cpuMs, workedMs };
  };
}
