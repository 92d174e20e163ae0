import type { WireRule } from "./rules.ts";

import { CONTROL, CR, LF, octetClass, PLAIN } from "./tokens.ts";

/** What `take` answers beside a position. */
export const more = -1;
export const refused = -2;

const firstBytes = 1024;

/**
 * Collects a section that an empty line ends (a head or trailers) from pieces. It looks at each octet once, as it
 * comes, and refuses what may stand in no line, even if the section never ends.
 */
export class Section {
  readonly #isResponse: boolean;
  #bytes: Buffer | undefined;
  /** Octets of CRLF CRLF that the collected octets end with. */
  #matched: 0 | 1 | 2 | 3 | 4 = 0;
  /** Octets collected. */
  length = 0;
  /** A whole line is among them. */
  hasLine = false;
  rule: WireRule = "head_too_large";

  /** @param isResponse the first line may hold control characters, see `octetFault` */
  constructor(isResponse: boolean) {
    this.#isResponse = isResponse;
  }

  /** Begins a section. @param isAfterLine an empty line may come first, and then is all of the section */
  reset(isAfterLine = false): void {
    this.#bytes = undefined;
    this.#matched = isAfterLine ? 2 : 0;
    this.length = 0;
    this.hasLine = isAfterLine;
  }

  /**
   * Takes octets from `at` on: the position behind the section's empty line, `more`, or `refused` with a `rule`.
   * A caller that gets `more` when `maxBytes` are collected has a section that is too large.
   */
  take(chunk: Buffer, at: number, maxBytes: number): number {
    const stop = Math.min(chunk.length, at + maxBytes - this.length);
    let next = at;
    while (next < stop) {
      const octet = chunk[next] as number;
      if ((this.#matched & 1) === 0 && octetClass[octet] === PLAIN) this.#matched = 0;
      else {
        const rule = this.#step(octet);
        if (rule !== undefined) {
          this.rule = rule;
          return refused;
        }
      }
      next += 1;
      if (this.#matched === 4) break;
    }
    if (next > at) {
      const length = this.length + next - at;
      chunk.copy(this.#room(length, maxBytes), this.length, at, next);
      this.length = length;
    }
    return this.#matched === 4 ? next : more;
  }

  /** The section without its last CRLF CRLF, latin1; empty where it is an empty line alone. */
  text(): string {
    return this.length <= 4 ? "" : (this.#bytes as Buffer).toString("latin1", 0, this.length - 4);
  }

  /** An octet that is CR or LF, follows CR, or is a control character. */
  #step(octet: number): WireRule | undefined {
    const isAfterCr = (this.#matched & 1) === 1;
    if (octet === LF) {
      if (!isAfterCr) return "bare_lf";
      this.hasLine = true;
      this.#matched = this.#matched === 1 ? 2 : 4;
      return undefined;
    }
    if (isAfterCr) return "bare_cr";
    if (octet === CR) {
      this.#matched = this.#matched === 2 ? 3 : 1;
      return undefined;
    }
    const isTolerated = this.#isResponse && !this.hasLine && octetClass[octet] === CONTROL;
    if (!isTolerated) return "control_char";
    this.#matched = 0;
    return undefined;
  }

  /** The buffer of the section, with room for `length` octets; it grows by doubling. */
  #room(length: number, maxBytes: number): Buffer {
    const held = this.#bytes;
    if (held !== undefined && held.length >= length) return held;
    // Not from the pool: a small head would keep a whole slab alive.
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, Math.min(maxBytes, Math.max(firstBytes, 2 * length))));
    held?.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
    return bytes;
  }
}
