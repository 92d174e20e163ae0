import type { Socket } from "node:net";

import type { Intake } from "./intake.ts";
import type { PipelinedRequests, Pipelining } from "./pipelined.ts";
import type { ConnectionWaits, Waiting } from "./waits.ts";

import { pauseNow, takenBytes } from "./system-socket.ts";

/** After this much the event loop looks at other connections before it reads on. Bytes. */
const atOnceBytes = 262_144;

/** The connection that is read. */
type Read = Waiting & Pipelining & { readonly socket: Socket };

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
  readonly #connection: Read;
  readonly #intake: Intake;
  readonly #host: ReadHost;
  #isPaused = false;
  /** Until others have been looked at. */
  #yielding: NodeJS.Immediate | undefined;
  /** Read since it yielded last. */
  #readBytes = 0;
  #heldBytes = 0;
  /** Bytes that the client had taken when the present wait began. */
  #takenBytes = 0;
  /** What was pipelined is dropped: no further request of this connection is served. */
  isDropping = false;

  constructor(connection: Read, intake: Intake, host: ReadHost) {
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
    if (this.#readBytes < atOnceBytes || this.#yielding !== undefined) return;
    this.#readBytes = 0;
    pauseNow(this.#connection.socket);
    this.#yielding = setImmediate(readOn, this);
  }

  readOn(): void {
    this.#yielding = undefined;
    if (!this.#isPaused) this.#connection.socket.resume();
  }

  /**
   * Something has arrived or was taken. Reading goes on when all is taken: one read is 64 KiB, and beside what is nearly
   * taken there would be two.
   *
   * @param isBody of the body of the request that is served, which waits for the upstream
   */
  apply(isBody: boolean): void {
    this.#intake.own();
    const unread = this.#intake.bytes?.length ?? 0;
    if (unread <= (this.#isPaused ? 0 : this.#host.settings.maxHeaderSize)) return this.#goOn();
    if (!isBody && this.#heldBytes === 0 && !this.#hold(unread)) {
      this.isDropping = true;
      this.#intake.clear();
      return this.#goOn();
    }
    if (!this.#isPaused) pauseNow(this.#connection.socket);
    this.#isPaused = true;
    // Another wait of the connection may have taken the place of this one.
    if (this.#connection.waitList?.name !== "overfull") this.#wait();
  }

  #goOn(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#letGo();
    if (this.#yielding === undefined) this.#connection.socket.resume();
    if (this.#connection.waitList?.name === "overfull") this.#host.waits.end(this.#connection);
  }

  /**
   * The wait is over; true where it begins anew. The client has taken something meanwhile, or the rest of a body waits for
   * the upstream, whose silence has a timer of its own.
   */
  waitsOn(isBody: boolean): boolean {
    if (!isBody && takenBytes(this.#connection.socket) === this.#takenBytes) return false;
    this.#wait();
    return true;
  }

  #wait(): void {
    this.#takenBytes = takenBytes(this.#connection.socket);
    this.#host.waits.begin(this.#connection, "overfull");
  }

  /** The connection becomes a tunnel, which is given what has arrived. */
  leave(): Buffer {
    const arrived = this.#intake.bytes ?? Buffer.alloc(0);
    this.release();
    return arrived;
  }

  /** Nothing that has arrived is read any more. */
  release(): void {
    clearImmediate(this.#yielding);
    this.#yielding = undefined;
    this.#intake.clear();
    this.#host.pipelined.remove(this.#connection);
    this.#letGo();
  }

  #hold(bytes: number): boolean {
    if (!this.#host.pipelined.hold(bytes)) return false;
    this.#heldBytes = bytes;
    return true;
  }

  #letGo(): void {
    this.#host.pipelined.letGo(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

function readOn(limit: ReadLimit): void {
  limit.readOn();
}
