/** Milliseconds, from the configuration. */
export interface OverloadTimes {
  /** How long a turn of the event loop may work before it is late. */
  readonly patience: number;
  /** How long the first overload is held, and the longest. */
  readonly hold: number;
  readonly maxHold: number;
}

/** The turn with requests before the present one. Milliseconds. */
export interface PreviousTurn {
  readonly workedMs: number;
  /** From its end to the beginning of the present turn. */
  readonly pauseMs: number;
}

/** Under an overload, a turn is longer than the one before by at least this factor. */
const growth = 1.2;
const growthsInARow = 2;

/** Turns shorter than this share of the patience grow and shrink by chance. */
const shareOfNoise = 1 / 8;

/** After so long without an overload, a single late turn no longer shows one. Milliseconds. */
const trustedAfterMs = 5000;

/** After so long without a request, an overload is over. Milliseconds. */
const quietMs = 1000;

/**
 * Tells a burst from an overload by the turns of the event loop. A burst, or clients that ask again as soon as they are
 * answered, take turns as long as it takes to serve each of them once, and no longer. Under an overload each turn is
 * longer than the one before.
 *
 * A turn that works for as long as the patience is late. It shows an overload if the turn before it was late as well, or
 * if the two turns before it had grown. The overload is then held for a while: its turns are short because requests are
 * refused, so they do not show whether it lasts. After the hold, a single late turn shows that it does, and the next hold
 * is twice as long. A hold ends early if hardly anything was refused for a second.
 */
export class OverloadDetector {
  #times: OverloadTimes;
  #isOverloaded = false;
  #beganAt = 0;
  #endsAt = 0;
  /** How long the next overload is held. */
  #holdMs: number;
  /** No overload was seen lately: a single late turn does not show one. */
  #isTrusted = true;
  /** Whether the present turn is late. */
  #isLate = false;
  /** Whether the turns before the present one were late or had grown. */
  #isSuspected = false;
  #growths = 0;
  #workedMs = 0;

  constructor(times: OverloadTimes) {
    this.#times = times;
    this.#holdMs = times.hold;
  }

  get isOverloaded(): boolean {
    return this.#isOverloaded;
  }

  reconfigure(times: OverloadTimes): void {
    this.#times = times;
    this.#holdMs = times.hold;
  }

  /** A turn begins to read requests at `now`. */
  beginTurn(now: number, previous: PreviousTurn): void {
    if (this.#isOverloaded && (now >= this.#endsAt || previous.pauseMs >= quietMs)) this.#release(now);
    this.#compare(previous);
    this.#isLate = false;
    if (this.#isOverloaded || this.#isTrusted || now - this.#endsAt < trustedAfterMs) return;
    this.#isTrusted = true;
    this.#holdMs = this.#times.hold;
  }

  /** The present turn reads a request at `now`, having worked for as long as the patience. */
  late(now: number): void {
    if (this.#isOverloaded || this.#isLate) return;
    this.#isLate = true;
    if (this.#isTrusted && !this.#isSuspected) return;
    this.#isOverloaded = true;
    this.#isTrusted = false;
    this.#beganAt = now;
    this.#endsAt = now + this.#holdMs;
    this.#holdMs = Math.min(this.#times.maxHold, 2 * this.#holdMs);
  }

  /** Hardly anything was refused from `since` to `now`. */
  calm(since: number, now: number): void {
    if (this.#isOverloaded && since >= this.#beganAt) this.#release(now);
  }

  #compare({ workedMs, pauseMs }: PreviousTurn): void {
    const { patience } = this.#times;
    const isInARow = pauseMs < patience;
    const hasGrown = workedMs >= shareOfNoise * patience && workedMs >= growth * this.#workedMs;
    this.#growths = isInARow && hasGrown ? this.#growths + 1 : 0;
    this.#workedMs = workedMs;
    this.#isSuspected = isInARow && (this.#isLate || this.#growths >= growthsInARow);
  }

  #release(now: number): void {
    this.#isOverloaded = false;
    this.#endsAt = now;
    // How long the turns of the hold were depended on the refusals.
    this.#isLate = false;
  }
}
