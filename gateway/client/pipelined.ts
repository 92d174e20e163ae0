import type { Clock } from "../exchange/clock.ts";

/** A connection whose next request has arrived behind the one before. */
export interface Pipelining {
  /** Begins that request. */
  proceed(): void;
}

/** How long pipelined requests may begin in one turn of the event loop, in milliseconds. */
const turnMs = 2;

/** In a turn that accepts connections, one pipelined request begins for so many of them. */
const acceptedPerBegun = 4;

/** What connections may hold of pipelined bytes that no request head's limit covers, all together. Bytes. */
const maxHeldBytes = 64 * 1024 * 1024;

/**
 * The connections that have a pipelined request to begin, each once. They take turns, one request at a time, and all of
 * them share two milliseconds of a turn of the event loop: however much was pipelined, requests on other connections wait
 * no longer than that for it. In a turn that accepts connections one begins for each four of them: a crowd is accepted
 * before what it pipelines is served, and those that pipeline go on beside those that come and go.
 */
export class PipelinedRequests {
  readonly #clock: Clock;
  readonly #nextTurn: (callback: () => void) => void;
  /** In the order in which they came. */
  readonly #queue = new Set<Pipelining>();
  #isAwaited = false;
  #accepted = 0;
  /** What they hold now. */
  heldBytes = 0;

  /** @param nextTurn calls back once the event loop has looked at what there is to read */
  constructor(clock: Clock, nextTurn: (callback: () => void) => void = setImmediate) {
    this.#clock = clock;
    this.#nextTurn = nextTurn;
  }

  get size(): number {
    return this.#queue.size;
  }

  add(connection: Pipelining): void {
    this.#queue.add(connection);
    this.#await();
  }

  /** The connection has ended, or was not in the queue. */
  remove(connection: Pipelining): void {
    this.#queue.delete(connection);
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
    this.#accepted++;
  }

  #await(): void {
    if (this.#isAwaited) return;
    this.#isAwaited = true;
    this.#nextTurn(this.#proceed);
  }

  readonly #proceed = (): void => {
    const until = this.#clock.now() + turnMs;
    let left = this.#accepted === 0 ? Infinity : Math.ceil(this.#accepted / acceptedPerBegun);
    this.#accepted = 0;
    // One that is added meanwhile comes last.
    for (const connection of this.#queue) {
      this.#queue.delete(connection);
      connection.proceed();
      if (--left === 0 || this.#clock.now() >= until) break;
    }
    this.#isAwaited = false;
    if (this.#queue.size > 0) this.#await();
  };
}
