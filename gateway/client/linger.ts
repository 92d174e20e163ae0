import type { Socket } from "node:net";

import type { ConnectionWaits, Waiting } from "./waits.ts";

/** How long the rest of a request is read and dropped after the last response, at most. Milliseconds. */
const maxLingerMs = 30_000;

/**
 * The end of a connection whose client may still be sending: its write side is closed, and what comes is read and
 * dropped. Closing with bytes unread would reset the connection, and the client might lose the response to what it is
 * still sending (RFC 9112 §9.6). It ends with the client's FIN, a silence (the wait `linger`), or after 30 s.
 */
export class Linger {
  readonly #socket: Socket;
  readonly #waits: ConnectionWaits;
  readonly #endsAt: number;

  constructor(connection: Waiting & { readonly socket: Socket }, waits: ConnectionWaits) {
    this.#socket = connection.socket;
    this.#waits = waits;
    waits.begin(connection, "linger");
    this.#endsAt = connection.waitingSince + maxLingerMs;
    connection.socket.end();
    connection.socket.resume();
  }

  /** Bytes came. */
  drop(connection: Waiting): void {
    this.#waits.begin(connection, "linger");
    if (connection.waitingSince >= this.#endsAt) this.#socket.destroy();
  }
}
