import type { Exchange, Priority, UpstreamPermit, Waiter } from "../exchange/exchange.ts";

/** Who is told that a place was left before its turn. */
interface Left {
  leave(place: Place): void;
}

interface Settlers {
  readonly resolve: (permit: UpstreamPermit) => void;
  readonly reject: (reason: Error) => void;
}

/** An exchange's place in the queue. Ends once: with a permit, with a refusal, or with what cancels the exchange. */
export class Place implements Waiter {
  readonly priority: Priority;
  readonly queuedAt: number;
  /** Its neighbours in the waiting list. */
  older: Place | undefined;
  newer: Place | undefined;
  readonly #exchange: Exchange;
  readonly #queue: Left;
  readonly #settlers: Settlers;

  constructor(queue: Left, exchange: Exchange, settlers: Settlers) {
    this.#queue = queue;
    this.#exchange = exchange;
    this.#settlers = settlers;
    this.priority = exchange.priority;
    this.queuedAt = exchange.clock.now();
  }

  /** When the whole budget ends, in monotonic milliseconds. */
  get deadlineAt(): number {
    return this.#exchange.timer.deadlineAt;
  }

  admit(permit: UpstreamPermit): void {
    this.#end();
    this.#settlers.resolve(permit);
  }

  /** For a place that is in the queue no more. */
  refuse(reason: Error): void {
    this.#end();
    this.#settlers.reject(reason);
  }

  cancel(reason: Error): void {
    this.#queue.leave(this);
    this.refuse(reason);
  }

  #end(): void {
    this.#exchange.queueMs = this.#exchange.clock.now() - this.queuedAt;
    this.#exchange.settle();
  }
}
