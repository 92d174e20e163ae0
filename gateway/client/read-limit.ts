import type { Socket } from "node:net";

import type { ConnectionWaits, Waiting } from "./waits.ts";

import { pauseNow } from "./system-socket.ts";

/**
 * Stops reading while more has arrived than may be held unread. Whoever sends so much is not seen to leave, so the wait
 * `overfull` runs: the connection is cut once no byte of a response could be written for `listen.writeIdle`.
 */
export class ReadLimit {
  readonly #connection: Waiting & { readonly socket: Socket };
  readonly #waits: ConnectionWaits;
  #isPaused = false;
  /** Bytes that the client had taken when the present wait began. */
  #takenBytes = 0;

  constructor(connection: Waiting & { readonly socket: Socket }, waits: ConnectionWaits) {
    this.#connection = connection;
    this.#waits = waits;
  }

  /** @param takenBytes bytes that the client has taken so far */
  apply(isOverfull: boolean, takenBytes: number): void {
    if (isOverfull === this.#isPaused) return;
    this.#isPaused = isOverfull;
    if (isOverfull) {
      pauseNow(this.#connection.socket);
      this.wait(takenBytes);
    } else {
      this.#connection.socket.resume();
      if (this.#connection.waitList?.name === "overfull") this.#waits.end(this.#connection);
    }
  }

  /** Whether the client has taken anything since the present wait began. */
  isTaking(takenBytes: number): boolean {
    return takenBytes !== this.#takenBytes;
  }

  wait(takenBytes: number): void {
    this.#takenBytes = takenBytes;
    this.#waits.begin(this.#connection, "overfull");
  }
}
