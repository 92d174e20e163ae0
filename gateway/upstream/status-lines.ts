/** Where in `HTTP/1.1 200` the minor version, the space and the digits of the status stand. */
const minorAt = 7;
const spaceAt = 8;
const statusAt = 9;
const lastDigitAt = 11;

const prefix = Buffer.from("HTTP/1.");
const zero = 0x30;
const one = 0x31;
const two = 0x32;
const space = 0x20;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Reads the status lines of one answer, the interim ones and the final one, beside the HTTP client's own parser. That
 * one also takes HTTP/0.9 and 2.0, RTSP and ICE for an answer, skips empty lines before it, lets a status line end with
 * two CRs, and tells nobody; and it ends the connection over a 100 that was not asked for, which RFC 9110 §15.2 wants
 * read like any other interim response.
 */
export class StatusLines {
  /** Position in the present head; Infinity once the final response's status line was read. */
  #at = Infinity;
  /** How much of the CR LF CR LF that ends a head was seen. */
  #endSeen = 0;
  #isFinal = false;
  #isHundred = false;
  readonly #interim: boolean[] = [];
  /** Of the status line read last: 0 or 1. */
  minorVersion = 1;

  /** A request is about to be written: what is read next is the answer to it. */
  begin(): void {
    this.#at = this.#endSeen = 0;
    this.#interim.length = 0;
  }

  /**
   * Looks at bytes before the parser has them. False where they begin no HTTP/1.0 or 1.1 response. A 100 is turned
   * into a 102 in place, the harmless one that the parser reports; `isContinue` tells them apart.
   */
  follow(chunk: Buffer): boolean {
    for (let i = 0; i < chunk.length && this.#at !== Infinity; i++) {
      const byte = chunk[i] as number;
      const isExpected = this.#at <= lastDigitAt ? this.#isExpected(byte) : this.#seekEnd(byte);
      if (!isExpected) return false;
      if (this.#at++ !== lastDigitAt || this.#isFinal) continue;
      this.#interim.push(this.#isHundred);
      if (this.#isHundred) chunk[i] = two;
    }
    return true;
  }

  /** Whether the next interim response that the parser reports came as a 100. */
  isContinue(): boolean {
    return this.#interim.shift() === true;
  }

  #isExpected(byte: number): boolean {
    const at = this.#at;
    if (at < minorAt) return byte === prefix[at];
    if (at === minorAt) {
      this.minorVersion = byte - zero;
      return byte === zero || byte === one;
    }
    if (at === spaceAt) return byte === space;
    if (at === statusAt) this.#isFinal = byte !== one;
    this.#isHundred = at === statusAt || (this.#isHundred && byte === zero);
    return true;
  }

  /** Follows a final head to the end of its first line, an interim one to its own, where the next begins. */
  #seekEnd(byte: number): boolean {
    if (this.#endSeen % 2 === 1) {
      if (byte !== lineFeed) return false;
      this.#endSeen++;
      if (this.#isFinal) this.#at = Infinity;
      else if (this.#endSeen === 4) this.#at = -1; // the next byte is the next head's first
      this.#endSeen %= 4;
      return true;
    }
    this.#endSeen = byte === carriageReturn ? this.#endSeen + 1 : 0;
    return true;
  }
}
