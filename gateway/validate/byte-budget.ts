import type { Clock } from "../exchange/clock.ts";

import { addressGroup } from "../exchange/address-group.ts";
import { Failure } from "../failures/failure.ts";

/** Whose body is held. */
export interface BudgetHolder {
  readonly clock: Clock;
  readonly inbound: { readonly clientAddress: string };
  /** Its body is refused: others need the room, and it is the slowest. */
  cancel(reason: Error): void;
}

/** One client address may hold this share of the budget once more than half of it is in use. */
const addressShare = 1 / 4;
const shareBindsFrom = 1 / 2;

/**
 * How many bytes of request bodies the process may hold at once. Bodies are read before anything limits concurrency, so
 * without a common bound many modest uploads would add up to all of the memory. Bytes count as they arrive, whatever a
 * Content-Length announces. When all are in use, the slowest body that is still arriving is refused.
 */
export class ByteBudget {
  #totalBytes: number;
  #reservedBytes = 0;
  readonly #byAddress = new Map<string, number>();
  /** Of bodies that are still arriving. */
  readonly #arriving = new Set<Reservation>();

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** What is held beyond a smaller total stays until it is released. */
  reconfigure(totalBytes: number): void {
    this.#totalBytes = totalBytes;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  /** A reservation without bytes. One whose body is `arriving` may have to make room for others. */
  reserve(holder: BudgetHolder, arriving: "arriving" | "arrived"): Reservation {
    const reservation = new Reservation(this, holder);
    if (arriving === "arriving") this.#arriving.add(reservation);
    return reservation;
  }

  /** @throws Failure overloaded */
  take(bytes: number, reservation: Reservation): void {
    const { address } = reservation;
    const held = this.#byAddress.get(address) ?? 0;
    // A body alone is bounded by its route.
    const isShared = this.#reservedBytes - reservation.bytes > this.#totalBytes * shareBindsFrom;
    if (isShared && held + bytes > this.#totalBytes * addressShare) throw overloaded();
    while (this.#reservedBytes + bytes > this.#totalBytes) this.#refuseSlowest(reservation);
    this.#reservedBytes += bytes;
    // What made room may have been of the same address.
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + bytes);
  }

  give(bytes: number, reservation: Reservation): void {
    const { address } = reservation;
    const left = (this.#byAddress.get(address) ?? 0) - bytes;
    this.#reservedBytes -= bytes;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  /** The body of `reservation` has arrived, or will not. */
  arrived(reservation: Reservation): void {
    this.#arriving.delete(reservation);
  }

  /** Makes room for `newcomer`. @throws Failure overloaded where nobody is slower */
  #refuseSlowest(newcomer: Reservation): void {
    let slowest: Reservation | undefined;
    for (const one of this.#arriving)
      if (one.bytes > 0 && (slowest === undefined || one.rate < slowest.rate)) slowest = one;
    if (slowest === undefined || slowest === newcomer) throw overloaded();
    this.#arriving.delete(slowest);
    slowest.refuse(overloaded());
  }
}

/** A share of the budget, held until it is released: as long as anybody holds the body. Releasing twice is harmless. */
export class Reservation implements Disposable {
  readonly #budget: ByteBudget;
  readonly #holder: BudgetHolder;
  readonly #beganAt: number;
  readonly address: string;
  bytes = 0;
  #isReleased = false;

  constructor(budget: ByteBudget, holder: BudgetHolder) {
    this.#budget = budget;
    this.#holder = holder;
    this.#beganAt = holder.clock.now();
    this.address = addressGroup(holder.inbound.clientAddress);
  }

  /** Bytes a millisecond since its first. */
  get rate(): number {
    return this.bytes / Math.max(1, this.#holder.clock.now() - this.#beganAt);
  }

  /**
   * Makes the share at least this large.
   *
   * @throws Failure overloaded where the budget does not allow it; the share stays as it was
   */
  ensure(bytes: number): void {
    if (this.#isReleased || bytes <= this.bytes) return;
    this.#budget.take(bytes - this.bytes, this);
    this.bytes = bytes;
  }

  /** The body is complete: it will not have to make room any more. */
  arrived(): void {
    this.#budget.arrived(this);
  }

  /** The body is given up, and its bytes are free at once. */
  refuse(reason: Failure): void {
    this.release();
    this.#holder.cancel(reason);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#budget.arrived(this);
    this.#budget.give(this.bytes, this);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Nobody knows when bodies will be done with; a second is the shortest wait Retry-After can tell. */
const retryAfterMs = 1000;

function overloaded(): Failure {
  return new Failure("overloaded", { retryAfterMs });
}
