import type { Socket } from "node:net";

import { Duplex } from "node:stream";

type Callback = (error?: Error | null) => void;

interface Piece {
  readonly chunk: string | Buffer;
  readonly encoding: BufferEncoding;
}

/** The gateway's end of a TCP connection whose far side is the test. As node's sockets it may be half-open. */
export class FakeSocket extends Duplex {
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 50_000;
  readonly #taken: Buffer[] = [];
  #dispatched = 0;
  #inFlight: { readonly bytes: Buffer; readonly callback: Callback } | undefined;
  #isBlocked = false;
  wasReset = false;

  constructor() {
    super({ allowHalfOpen: true, decodeStrings: false });
  }

  /** It as the gateway sees it. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** Everything that the far side has taken. */
  get output(): string {
    return Buffer.concat(this.#taken).toString("latin1");
  }

  get bytesWritten(): number {
    return this.#dispatched + this.writableLength - (this.#inFlight?.bytes.length ?? 0);
  }

  /** The far side sends bytes. */
  arrive(bytes: string | Buffer): void {
    this.push(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The far side sends FIN. */
  fin(): void {
    this.push(null);
  }

  /** The far side resets the connection. */
  reset(): void {
    this.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  }

  /** From now on the far side takes nothing. */
  block(): void {
    this.#isBlocked = true;
  }

  /** The far side takes what is on its way, and goes on taking. */
  unblock(): void {
    this.#isBlocked = false;
    this.takeOne();
  }

  /** The far side takes the one write that is on its way. */
  takeOne(): void {
    const inFlight = this.#inFlight;
    this.#inFlight = undefined;
    if (inFlight === undefined || this.destroyed) return;
    this.#taken.push(inFlight.bytes);
    inFlight.callback();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  resetAndDestroy(): this {
    this.wasReset = true;
    return this.destroy();
  }

  override _read(): void {}

  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: Callback): void {
    this.#dispatch(bytesOf({ chunk, encoding }), callback);
  }

  override _writev(pieces: Piece[], callback: Callback): void {
    this.#dispatch(Buffer.concat(pieces.map(bytesOf)), callback);
  }

  #dispatch(bytes: Buffer, callback: Callback): void {
    this.#dispatched += bytes.length;
    this.#inFlight = { bytes, callback };
    if (!this.#isBlocked) this.takeOne();
  }
}

function bytesOf({ chunk, encoding }: Piece): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
}
