/** What one read of an upstream may add beyond a connection's share. Bytes. */
const oneReadBytes = 65_536;

/**
 * Bytes of responses that clients have not taken yet, over all connections of the process. A connection may hold
 * `perResponse` of them before its upstream has to wait; once `total` is in use, any byte makes it wait.
 */
export class ResponseBuffers {
  #perResponse: number;
  #total: number;
  #used = 0;

  constructor(perResponse: number, total: number) {
    this.#perResponse = perResponse;
    this.#total = total;
  }

  reconfigure(perResponse: number, total: number): void {
    this.#perResponse = perResponse;
    this.#total = total;
  }

  get usedBytes(): number {
    return this.#used;
  }

  /** Whether a connection that has `bytes` waiting, and gets no more, may wait without a permit that bounds it. */
  isLittle(bytes: number): boolean {
    return bytes <= this.#perResponse + oneReadBytes;
  }

  /** A connection's share has changed by `delta` and is `bytes` now. Whether more may be written to it. */
  charge(delta: number, bytes: number): boolean {
    this.#used += delta;
    return bytes < this.#perResponse && (bytes === 0 || this.#used < this.#total);
  }
}
