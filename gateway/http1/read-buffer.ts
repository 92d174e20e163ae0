/** `onread` of node:net. */
export interface OnRead {
  /** The buffer that the next read fills. */
  readonly buffer: () => Buffer;
  /** Takes the number of bytes that were read. False pauses the socket. */
  readonly callback: (count: number) => boolean;
}

/** One read of a socket takes this much at most. Bytes. */
const readBytes = 65_536;

/** Sockets that may have a buffer of their own at a time: 4 MiB in all. */
const maxOwnBuffers = 64;

/** All sockets read into it, one after the other: what is read is parsed, or copied, before the next read. */
const shared = Buffer.allocUnsafeSlow(readBytes);

let ownBuffers = 0;

/**
 * Where one socket reads to (`onread` of node:net). Small reads share one buffer of the process, so that a read allocates
 * no memory. A socket that fills it, as one that carries a long body does, gets buffers of its own, which are handed over
 * in place of a copy.
 */
export class ReadBuffer {
  #own: Buffer | undefined;
  /** For the socket. */
  readonly onread: OnRead;

  /**
   * @param read takes what was read, which may stand in the shared buffer: it is valid until the callback returns, and what
   *   is kept for longer passes `owned` or `ownedAlone`. False pauses the socket.
   */
  constructor(read: (chunk: Buffer) => boolean | void) {
    this.onread = {
      buffer: () => this.#own ?? shared,
      callback: (count) => read(this.#take(count)) !== false,
    };
  }

  #take(count: number): Buffer {
    const own = this.#own;
    const isFull = count === readBytes;
    if (own === undefined) {
      if (isFull) this.#begin();
      return shared.subarray(0, count);
    }
    if (isFull) {
      this.#own = Buffer.allocUnsafeSlow(readBytes);
      return own;
    }
    this.close();
    const copy = Buffer.allocUnsafeSlow(count);
    own.copy(copy, 0, 0, count);
    return copy;
  }

  /** The socket reads no more. */
  close(): void {
    if (this.#own === undefined) return;
    this.#own = undefined;
    ownBuffers--;
  }

  #begin(): void {
    if (ownBuffers >= maxOwnBuffers) return;
    ownBuffers++;
    this.#own = Buffer.allocUnsafeSlow(readBytes);
  }
}

/** Bytes that were read and are used after the read: a copy where they stand in the buffer that all sockets share. */
export function owned(bytes: Buffer): Buffer {
  return bytes.buffer === shared.buffer ? Buffer.from(bytes) : bytes;
}

/**
 * The same for bytes that a stranger may leave with us for long: in memory of their own, not in node's pool, where a few
 * bytes that are kept hold 64 KiB.
 */
export function ownedAlone(bytes: Buffer): Buffer {
  if (bytes.buffer !== shared.buffer) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
