import type { ServerResponse } from "node:http";

import type { Clock, TimerHandle } from "./clock.ts";
import type { Failure } from "./failures/failure.ts";

import { TimerExpired } from "./failures/failure.ts";

/** The exchange whose answer is to be read. */
export interface ReaderWaitOwner {
  readonly clock: Clock;
  readonly res: ServerResponse;
  readonly failure: Failure | undefined;
  cancel(reason: Error): void;
}

/**
 * The wait for a client to take what was written for it. It is over when the system has taken everything, and begins
 * anew with each byte: a slow client is served for as long as it reads at all. How finely that is seen depends on the
 * system's send buffer, as with every server.
 *
 * Its timer is its own, not the exchange's alarm: the upstream may be awaited at the same time. It is set once while
 * writes are blocked and looks at the facts when it fires, so that a body of a thousand pauses costs one timer.
 */
export class ReaderWait {
  readonly #owner: ReaderWaitOwner;
  readonly #idleMs: number;
  #takenBytes = 0;
  #since = 0;
  #handle: TimerHandle | undefined;

  constructor(owner: ReaderWaitOwner, idleMs: number) {
    this.#owner = owner;
    this.#idleMs = idleMs;
  }

  /** What was written last was not taken at once. */
  begin(): void {
    if (this.#idleMs === Infinity) return;
    this.#note();
    if (this.#handle === undefined) this.#arm(this.#idleMs);
  }

  close(): void {
    if (this.#handle !== undefined) this.#owner.clock.clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  look(): void {
    this.#handle = undefined;
    const { res, clock } = this.#owner;
    if (res.destroyed || res.writableLength === 0) return;
    // Behind another answer on the same connection it is not this one that the client does not read.
    if (res.socket === null || takenBytes(res) !== this.#takenBytes) this.#note();
    const leftMs = this.#since + this.#idleMs - clock.now();
    if (leftMs > 0) this.#arm(leftMs);
    else this.#giveUp();
  }

  /** An answer under way is broken off as client_timeout; one that tells of a failure has its code already. */
  #giveUp(): void {
    const owner = this.#owner;
    if (owner.failure === undefined) owner.cancel(new TimerExpired("reader"));
    else owner.res.destroy();
  }

  #note(): void {
    this.#takenBytes = takenBytes(this.#owner.res);
    this.#since = this.#owner.clock.now();
  }

  #arm(delayMs: number): void {
    this.#handle = this.#owner.clock.setTimeout(look, Math.ceil(delayMs), this);
  }
}

/** Bytes of this connection that the system has taken from us. */
function takenBytes({ socket }: ServerResponse): number {
  return socket === null ? 0 : socket.bytesWritten - socket.writableLength;
}

function look(wait: ReaderWait): void {
  wait.look();
}
