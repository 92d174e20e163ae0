import type { Clock, TimerHandle } from "../exchange/clock.ts";

/** What a client connection can be waited for, one at a time. */
export type WaitName = "idle" | "head" | "linger" | "overfull";

/** Something that waits in a list. The list alone writes its fields. */
export abstract class Waiting {
  /** Since when, in monotonic milliseconds. */
  waitingSince = 0;
  waitList: WaitList | undefined;
  earlier: Waiting | undefined;
  later: Waiting | undefined;
  /** It has waited for the whole time and is in no list any more. */
  abstract overdue(wait: WaitName): void;
  /** Closes the connection where nothing is under way on it. */
  abstract closeIdle(): void;
}

/** Those that wait for one thing and as long as each other, in the order in which they are due. */
export class WaitList {
  readonly name: WaitName;
  /** Longest wait in milliseconds. */
  limitMs: number;
  first: Waiting | undefined;
  last: Waiting | undefined;
  size = 0;

  constructor(name: WaitName, limitMs: number) {
    this.name = name;
    this.limitMs = limitMs;
  }

  append(one: Waiting): void {
    one.waitList = this;
    one.earlier = this.last;
    one.later = undefined;
    if (this.last === undefined) this.first = one;
    else this.last.later = one;
    this.last = one;
    this.size++;
  }

  remove(one: Waiting): void {
    const { earlier, later } = one;
    if (earlier === undefined) this.first = later;
    else earlier.later = later;
    if (later === undefined) this.last = earlier;
    else later.earlier = earlier;
    one.waitList = one.earlier = one.later = undefined;
    this.size--;
  }
}

/** The longest waits, in milliseconds. */
export type WaitLimits = Readonly<Record<WaitName, number>>;

/** The sweep runs at a tenth of the shortest wait, and at least once a second. */
const sweepPart = 10;
const maxSweepMs = 1000;
const minSweepMs = 10;

/** So many overdue connections are dealt with in one turn of the event loop, at the cost of about a millisecond. */
const overduePerTurn = 3;

/**
 * The waits of all client connections: four lists and one timer, whatever the number of connections. Those that began
 * together are overdue together; they are dealt with a few at a time, so that a thousand slow clients do not hold up
 * everybody else.
 */
export class ConnectionWaits {
  readonly #clock: Clock;
  readonly #nextTurn: (callback: () => void) => void;
  readonly #lists: Readonly<Record<WaitName, WaitList>>;
  #timer: TimerHandle | undefined;
  #isSweeping = false;
  /** The time by which the present sweep judges. */
  #sweepsFor = 0;

  /** @param nextTurn calls back once the event loop has looked at what there is to read */
  constructor(clock: Clock, limits: WaitLimits, nextTurn: (callback: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
    this.#lists = {
      idle: new WaitList("idle", limits.idle),
      head: new WaitList("head", limits.head),
      linger: new WaitList("linger", limits.linger),
      overfull: new WaitList("overfull", limits.overfull),
    };
  }

  /** Takes over changed limits; who waits already is judged by them. */
  reconfigure(limits: WaitLimits): void {
    for (const list of Object.values(this.#lists)) list.limitMs = limits[list.name];
  }

  /** Closes the connection that has been idle for longest, else one that lingers. False where there is none. */
  closeLongestIdle(): boolean {
    const first = this.#lists.idle.first ?? this.#lists.linger.first;
    if (first === undefined) return false;
    this.end(first);
    first.closeIdle();
    return true;
  }

  /** Closes every connection on which nothing is under way, those that have not begun to send included. */
  closeIdle(): void {
    for (const { first } of [this.#lists.idle, this.#lists.head]) {
      for (let one = first, later; one !== undefined; one = later) {
        later = one.later;
        one.closeIdle();
      }
    }
  }

  /** Ends the present wait of `one` and begins another. */
  begin(one: Waiting, wait: WaitName): void {
    if (one.waitList !== undefined) one.waitList.remove(one);
    one.waitingSince = this.#clock.now();
    this.#lists[wait].append(one);
    if (this.#timer === undefined) this.#arm();
  }

  end(one: Waiting): void {
    one.waitList?.remove(one);
  }

  readonly #sweep = (): void => {
    this.#isSweeping = false;
    const now = this.#sweepsFor;
    let left = overduePerTurn;
    for (const list of Object.values(this.#lists)) {
      for (let one = list.first; one !== undefined && now - one.waitingSince >= list.limitMs; one = list.first) {
        if (left-- === 0) {
          this.#isSweeping = true;
          return this.#nextTurn(this.#sweep);
        }
        list.remove(one);
        one.overdue(list.name);
      }
    }
  };

  #arm(): void {
    const limits = Object.values(this.#lists).map(({ limitMs }) => limitMs / sweepPart);
    const delayMs = Math.max(minSweepMs, Math.min(maxSweepMs, ...limits));
    this.#timer = this.#clock.setTimeout(tick, delayMs, this);
  }

  tick(): void {
    this.#timer = undefined;
    // After this turn's reads: where the loop was held up, what is overdue may have come meanwhile.
    this.#sweepsFor = this.#clock.now();
    if (!this.#isSweeping) {
      this.#isSweeping = true;
      this.#nextTurn(this.#sweep);
    }
    if (Object.values(this.#lists).some(({ size }) => size > 0)) this.#arm();
  }
}

function tick(waits: ConnectionWaits): void {
  waits.tick();
}
