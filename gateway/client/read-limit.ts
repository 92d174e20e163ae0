import type { Socket } from "node:net";

import type { Intake } from "./intake.ts";
import type { PipelinedRequests } from "./pipelined.ts";
import type { ConnectionWaits, Waiting } from "./waits.ts";

import { pauseNow } from "./system-socket.ts";

/** What all connections of a listener share. */
export interface ReadHost {
  readonly waits: ConnectionWaits;
  readonly pipelined: PipelinedRequests;
  readonly settings: { readonly maxHeaderSize: number };
}

/**
 * Stops reading while more than `listen.maxHeaderSize` has arrived that may not be parsed yet. Whoever sends so much is
 * not seen to leave, so the wait `overfull` runs: the connection is cut once no byte of a response could be written for
 * `listen.writeIdle`. Where all connections together hold too much of what was pipelined, this one's is dropped.
 */
export class ReadLimit {
  readonly #connection: Waiting & { readonly socket: Socket };
  readonly #intake: Intake;
  readonly #host: ReadHost;
  #isPaused = false;
  #heldBytes = 0;
  /** Bytes that the client had taken when the present wait began. */
  #takenBytes = 0;
  /** What was pipelined is dropped: no further request of this connection is served. */
  isDropping = false;

  constructor(connection: Waiting & { readonly socket: Socket }, intake: Intake, host: ReadHost) {
    this.#connection = connection;
    this.#intake = intake;
    this.#host = host;
  }

  /**
   * Something has arrived or was taken. Reading goes on when all is taken: one read is 64 KiB, and beside what is nearly
   * taken there would be two.
   *
   * @param isBody of the body of the request that is served, which waits for the upstream
   * @param takenBytes bytes of responses that the client has taken so far
   */
  apply(isBody: boolean, takenBytes: number): void {
    const unread = this.#intake.bytes?.length ?? 0;
    const isOverfull = unread > (this.#isPaused ? 0 : this.#host.settings.maxHeaderSize);
    if (isOverfull === this.#isPaused) return;
    if (isOverfull && !isBody && !this.#host.pipelined.hold(unread)) {
      this.isDropping = true;
      return this.#intake.clear();
    }
    this.#isPaused = isOverfull;
    if (!isOverfull) return this.#goOn();
    this.#heldBytes = isBody ? 0 : unread;
    pauseNow(this.#connection.socket);
    this.#wait(takenBytes);
  }

  #goOn(): void {
    this.#letGo();
    this.#connection.socket.resume();
    if (this.#connection.waitList?.name === "overfull") this.#host.waits.end(this.#connection);
  }

  /**
   * The wait is over; true where it begins anew. The client has taken something meanwhile, or the rest of a body waits for
   * the upstream, whose silence has a timer of its own.
   */
  waitsOn(isBody: boolean, takenBytes: number): boolean {
    if (!isBody && takenBytes === this.#takenBytes) return false;
    this.#wait(takenBytes);
    return true;
  }

  #wait(takenBytes: number): void {
    this.#takenBytes = takenBytes;
    this.#host.waits.begin(this.#connection, "overfull");
  }

  /** The connection has ended. */
  release(): void {
    this.#intake.clear();
    this.#letGo();
  }

  #letGo(): void {
    this.#host.pipelined.letGo(this.#heldBytes);
    this.#heldBytes = 0;
  }
}
