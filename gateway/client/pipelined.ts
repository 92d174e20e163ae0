import type { Clock } from "../clock.ts";

/** A connection whose next request has arrived behind the one before. */
export interface Pipelining {
  /** Begins that request. */
  proceed(): void;
}

/** How long pipelined requests may begin in one turn of the event loop, in milliseconds. */
const turnMs = 2;

/** What connections may hold of pipelined bytes that no request head's limit covers, all together. Bytes. */
const maxHeldBytes = 64 * 1024 * 1024;

/** Entries that have left are let go of so many at a time. */
const spentEntries = 1024;

/**
 * The connections that have a pipelined request to begin, each once. They take turns, one request at a time, and all of
 * them share two milliseconds of a turn of the event loop: however much was pipelined, requests on other connections wait
 * no longer than that for it. The event loop accepts one connection a turn, so that in a turn which accepted one only one
 * pipelined request begins: a crowd of connections is accepted before what they pipeline is served.
 */
export class PipelinedRequests {
  readonly #clock: Clock;
  readonly #nextTurn: (callback: () => void) => void;
  #queue: Pipelining[] = [];
  #spent = 0;
  #isAwaited = false;
  #hasAccepted = false;
  /** What they hold now. */
  heldBytes = 0;

  /** @param nextTurn calls back once the event loop has looked at what there is to read */
  constructor(clock: Clock, nextTurn: (callback: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  add(connection: Pipelining): void {
    this.#queue.push(connection);
    this.#await();
  }

  /** A connection wants to hold so many bytes more than a request head may have. False where there is no room. */
  hold(bytes: number): boolean {
    if (this.heldBytes + bytes > maxHeldBytes) return false;
    this.heldBytes += bytes;
    return true;
  }

  letGo(bytes: number): void {
    this.heldBytes -= bytes;
  }

  /** A connection was accepted in this turn. */
  accepted(): void {
    this.#hasAccepted = true;
  }

  #await(): void {
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    this.#nextTurn(this.#proceed);
  }

  readonly #proceed = (): void => {
    const until = this.#clock.now() + (this.#hasAccepted ? 0 : turnMs);
    this.#hasAccepted = false;
    do {
      this.#queue[this.#spent++]?.proceed();
    } while (this.#spent < this.#queue.length && this.#clock.now() < until);
    this.#forgetSpent();
    this.#isAwaited = false;
    if (this.#queue.length > 0) this.#await();
  };

  #forgetSpent(): void {
    if (this.#spent < this.#queue.length && this.#spent < spentEntries) return;
    this.#queue = this.#queue.slice(this.#spent);
    this.#spent = 0;
  }
}
