import type { Clock, TimerHandle } from "./clock.ts";
import type { ResponseWriter } from "./downstream.ts";
import type { Failure } from "../failures/failure.ts";

import { TimerExpired } from "../failures/failure.ts";

/** The exchange whose response is to be read. */
export interface WriteTimerOwner {
  readonly clock: Clock;
  readonly response: ResponseWriter;
  readonly failure: Failure | undefined;
  cancel(reason: Error): void;
}

/** A rate over less than this is noise. Milliseconds. */
const leastJudgedMs = 1000;

/** How a client may read. */
export interface ReadPace {
  /** How long it may take nothing, in milliseconds; Infinity for ever. */
  readonly idleMs: number;
  /** Bytes a second that it has to take while bytes wait for it; 0 for no minimum. */
  readonly minRate: number;
}

/**
 * The wait for a client to take what was written for it. It is over when the system has taken everything, and begins
 * anew with each byte: a slow client is served for as long as it reads at all, unless `listen.minReadRate` asks for more.
 * How finely that is seen depends on the system's send buffer, as with every server.
 *
 * Its timer is its own, not the exchange timer: the upstream may be awaited at the same time. It is set once while
 * writes are blocked and looks at the facts when it fires, so that a body of a thousand pauses costs one timer.
 */
export class WriteTimer {
  readonly #owner: WriteTimerOwner;
  readonly #pace: ReadPace;
  #takenBytes = 0;
  #since = 0;
  #handle: TimerHandle | undefined;

  constructor(owner: WriteTimerOwner, pace: ReadPace) {
    this.#owner = owner;
    this.#pace = pace;
  }

  /** What was written last was not taken at once. */
  begin(): void {
    const { idleMs } = this.#pace;
    if (idleMs === Infinity) return;
    if (this.#handle === undefined || this.#owner.response.takenBytes !== this.#takenBytes) this.#note();
    if (this.#handle === undefined) this.#arm(idleMs);
  }

  close(): void {
    if (this.#handle !== undefined) this.#owner.clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  look(): void {
    this.#handle = undefined;
    const { response, clock } = this.#owner;
    if (response.isGone || response.pendingBytes === 0) return;
    const { idleMs, minRate } = this.#pace;
    const takenBytes = response.takenBytes - this.#takenBytes;
    if (takenBytes > 0) {
      // Bytes have waited all the time, or it would have been over.
      const passedMs = clock.now() - this.#since;
      if (passedMs >= leastJudgedMs && takenBytes * 1000 < minRate * passedMs) return this.#giveUp();
      this.#note();
    }
    const leftMs = this.#since + idleMs - clock.now();
    if (leftMs > 0) this.#arm(leftMs);
    else this.#giveUp();
  }

  /** An answer under way is broken off as client_timeout; one that tells of a failure has its code already. */
  #giveUp(): void {
    const owner = this.#owner;
    if (owner.failure === undefined) owner.cancel(new TimerExpired("reader"));
    else owner.response.abort();
  }

  #note(): void {
    this.#takenBytes = this.#owner.response.takenBytes;
    this.#since = this.#owner.clock.now();
  }

  #arm(delayMs: number): void {
    this.#handle = this.#owner.clock.setTimeout(look, Math.ceil(delayMs), this);
  }
}

function look(wait: WriteTimer): void {
  wait.look();
}
