import { Failure } from "../failures/failure.ts";

/**
 * How many bytes of request bodies the process may hold at once. Bodies are read before anything limits concurrency,
 * so without a common bound many modest uploads would add up to all of the memory.
 */
export class ByteBudget {
  readonly totalBytes: number;
  #reservedBytes = 0;

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** @throws Failure overloaded where the rest of the budget is smaller */
  reserve(bytes: number): Reservation {
    const reservation = new Reservation((delta) => this.#take(delta));
    reservation.ensure(bytes);
    return reservation;
  }

  #take(bytes: number): void {
    if (this.#reservedBytes + bytes > this.totalBytes) {
      throw new Failure("overloaded", { retryAfterMs: retryAfterMs });
    }
    this.#reservedBytes += bytes;
  }
}

/** A share of the budget, held until it is released: as long as anybody holds the body. Releasing twice is harmless. */
export class Reservation implements Disposable {
  readonly #take: (bytes: number) => void;
  #bytes = 0;
  #isReleased = false;

  constructor(take: (bytes: number) => void) {
    this.#take = take;
  }

  /**
   * Makes the share at least this large.
   *
   * @throws Failure overloaded where the budget does not allow it; the share stays as it was
   */
  ensure(bytes: number): void {
    if (this.#isReleased || bytes <= this.#bytes) return;
    this.#take(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#take(-this.#bytes);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Nobody knows when bodies will be done with; a second is the shortest wait Retry-After can tell. */
const retryAfterMs = 1000;
