import type { Socket } from "node:net";

import type { Intake } from "./intake.ts";
import type { PipelinedRequests } from "./pipelined.ts";
import type { ConnectionWaits, Waiting } from "./waits.ts";

import { pauseNow } from "./system-socket.ts";

/** After this much the event loop looks at other connections before it reads on. Bytes. */
const atOnceBytes = 262_144;

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
  #isYielding = false;
  #isReleased = false;
  /** Read since it yielded last. */
  #readBytes = 0;
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
   * Bytes have been read. The event loop reads on from one connection as long as there is something, two megabytes in one
   * turn: a client that sends at full speed yields to others on the way.
   */
  read(chunk: Buffer): void {
    this.#intake.append(chunk);
    this.#readBytes += chunk.length;
    if (this.#readBytes < atOnceBytes || this.#isYielding) return;
    this.#readBytes = 0;
    this.#isYielding = true;
    pauseNow(this.#connection.socket);
    setImmediate(readOn, this);
  }

  readOn(): void {
    this.#isYielding = false;
    if (!this.#isPaused && !this.#isReleased) this.#connection.socket.resume();
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
    if (isOverfull === this.#isPaused) return isOverfull ? this.#waitStill(takenBytes) : undefined;
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
    if (!this.#isYielding) this.#connection.socket.resume();
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

  /** Another wait of the connection may have taken the place of this one. */
  #waitStill(takenBytes: number): void {
    if (this.#connection.waitList?.name !== "overfull") this.#wait(takenBytes);
  }

  #wait(takenBytes: number): void {
    this.#takenBytes = takenBytes;
    this.#host.waits.begin(this.#connection, "overfull");
  }

  /** The connection becomes a tunnel, which is given what has arrived. */
  leave(): Buffer {
    const arrived = this.#intake.takeAll();
    this.release();
    return arrived;
  }

  /** The connection has ended. */
  release(): void {
    this.#isReleased = true;
    this.#intake.clear();
    this.#letGo();
  }

  #letGo(): void {
    this.#host.pipelined.letGo(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

function readOn(limit: ReadLimit): void {
  limit.readOn();
}
