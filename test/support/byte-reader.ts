import type { Socket } from "node:net";

/** How the far side finished with a connection: orderly (FIN), or not (RST). */
export type Ending = "fin" | "reset";

/** The connection ended while more bytes were awaited. */
export class EndOfBytes extends Error {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super(`the connection ended (${ending}) while more bytes were awaited`);
    this.ending = ending;
  }
}

const maxUnreadBytes = 1024 * 1024;
const maxRecordedBytes = 256 * 1024;

/** Pulls bytes off a socket with backpressure, and remembers the first of them and how the far side ended. */
export class ByteReader {
  readonly ended: Promise<Ending>;
  readonly #socket: Socket;
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  readonly #recorded: Buffer[] = [];
  #recordedBytes = 0;
  #ending: Ending | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<Ending>();
    this.ended = promise;
    const end = (ending: Ending): void => {
      this.#ending ??= ending;
      resolve(this.#ending);
      this.#wake?.();
    };
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => end("fin"));
    socket.on("error", () => end("reset"));
    socket.on("close", () => end("fin"));
  }

  /** The first bytes received on this connection, up to 256 KiB. */
  get recorded(): Buffer {
    return Buffer.concat(this.#recorded);
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Bytes received and not yet read. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** The next bytes, whatever their number up to `limit`; undefined at the end. */
  async some(limit = Infinity): Promise<Buffer | undefined> {
    while (this.#unreadBytes === 0) {
      if (this.#ending !== undefined) return undefined;
      await this.#more();
    }
    return this.#shift(Math.min(limit, this.#unread[0]?.length ?? 0));
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#unreadBytes < length) {
      if (this.#ending !== undefined) throw new EndOfBytes(this.#ending);
      await this.#more();
    }
    return this.#shift(length);
  }

  /** Up to and including `delimiter`. */
  async through(delimiter: string): Promise<Buffer> {
    for (;;) {
      const all = this.#merge();
      const at = all.indexOf(delimiter);
      if (at !== -1) return this.#shift(at + delimiter.length);
      if (this.#ending !== undefined) throw new EndOfBytes(this.#ending);
      await this.#more();
    }
  }

  #take(chunk: Buffer): void {
    if (this.#recordedBytes < maxRecordedBytes) {
      this.#recorded.push(chunk);
      this.#recordedBytes += chunk.length;
    }
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > maxUnreadBytes) this.#socket.pause();
    this.#wake?.();
  }

  #merge(): Buffer {
    if (this.#unread.length > 1) this.#unread = [Buffer.concat(this.#unread)];
    return this.#unread[0] ?? Buffer.alloc(0);
  }

  #shift(length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    const first = this.#unread[0];
    const all = first !== undefined && first.length >= length ? first : this.#merge();
    if (all.length === length) this.#unread.shift();
    else this.#unread[0] = all.subarray(length);
    this.#unreadBytes -= length;
    if (this.#unreadBytes <= maxUnreadBytes && this.#socket.isPaused()) this.#socket.resume();
    return all.subarray(0, length);
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.#socket.isPaused()) this.#socket.resume();
    await promise;
    this.#wake = undefined;
  }
}
