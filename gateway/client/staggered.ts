/** What is done within one turn of the event loop: about a millisecond. */
const perTurn = 3;

/**
 * Spreads work that comes all at once over turns of the event loop, in order. Node finds what is overdue in sweeps, and
 * a thousand slow clients that began together would be answered together, at the expense of everybody else.
 */
export class Staggered<T> {
  readonly #take: (item: T) => void;
  readonly #waiting: T[] = [];
  #isScheduled = false;

  constructor(take: (item: T) => void) {
    this.#take = take;
  }

  add(item: T): void {
    this.#waiting.push(item);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    for (const item of this.#waiting.splice(0, perTurn)) this.#take(item);
    this.#isScheduled = false;
    this.#schedule();
  };
}
