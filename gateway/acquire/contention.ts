import type { Clock, TimerHandle } from "../exchange/clock.ts";
import type { HeldPermit } from "./permit.ts";

import { Failure } from "../failures/failure.ts";

/** How often permits are looked through while requests queue. Milliseconds. */
const lookEveryMs = 50;

/** The cause of a client_timeout that was a client too slow for a permit that others queued for. */
class PermitContended extends Error {
  override readonly name = "PermitContended";
  readonly code = "permit_contended";

  constructor(rate: number) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${Math.round(rate)} B/s of the client while requests queued for its permit`);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

export interface ContentionOptions {
  readonly clock: Clock;
  /** Requests that queue for a permit now. */
  readonly queued: () => number;
}

/**
 * Permits whose client is awaited: it is to send a body, or to take a response. While requests queue for permits, and
 * only then, the slowest of those clients that are too slow (`listen.contendedRate`) lose theirs, as many as are needed.
 */
export class Contention {
  readonly #options: ContentionOptions;
  readonly #watched = new Set<HeldPermit>();
  /** Told to end, and not yet released. */
  readonly #ending = new Set<HeldPermit>();
  #timer: TimerHandle | undefined;
  /** How many exchanges have lost their permit so. */
  cuts = 0;

  constructor(options: ContentionOptions) {
    this.#options = options;
  }

  watch(permit: HeldPermit): void {
    this.#watched.add(permit);
    if (this.#options.queued() > 0) this.#lookLater();
  }

  released(permit: HeldPermit): void {
    if (this.#watched.size > 0) this.#watched.delete(permit);
    if (this.#ending.size > 0) this.#ending.delete(permit);
  }

  /** A request is about to queue, or does so still. */
  relieve(needed: number): void {
    if (this.#watched.size === 0) return;
    const now = this.#options.clock.now();
    const slow = [...this.#watched]
      .filter((permit) => permit.holder?.pace.isTooSlow(now) === true)
      .map((permit) => ({
        permit,
        rate: permit.holder?.pace.rate(now) ?? 0,
        average: permit.holder?.pace.average(now) ?? 0,
      }))
      .toSorted((one, other) => one.rate - other.rate || one.average - other.average);
    for (const { permit, rate } of slow.slice(0, Math.max(0, needed - this.#ending.size))) {
      this.#watched.delete(permit);
      this.#ending.add(permit);
      this.cuts++;
      permit.holder?.cancel(new Failure("client_timeout", { cause: new PermitContended(rate), close: true }));
    }
    this.#lookLater();
  }

  #lookLater(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.setTimeout(look, lookEveryMs, this);
  }

  look(): void {
    this.#timer = undefined;
    const queued = this.#options.queued();
    if (queued > 0) this.relieve(queued);
  }
}

function look(contention: Contention): void {
  contention.look();
}
