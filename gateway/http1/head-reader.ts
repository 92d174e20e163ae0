import type { WireRule } from "./rules.ts";

import { prefixFault, versionPrefix } from "./response-head.ts";
import { more, refused, Section } from "./section.ts";
import { CR, LF } from "./tokens.ts";

const endOfHead = Buffer.from("\r\n\r\n", "latin1");
/** Empty lines before a request line that are skipped (RFC 9112 §2.2). */
const maxEmptyLines = 4;

/** Collects one head after the other from the chunks of a connection. */
export class HeadReader {
  readonly #isResponse: boolean;
  readonly #section: Section;
  #emptyLines = 0;
  #isAfterCr = false;
  /** Octets that a head may have, its final CRLF CRLF included. May change between two heads. */
  maxBytes: number;
  /** After a position from `read`: the head, latin1, without its final CRLF CRLF. */
  text = "";
  /** After -2 from `read`: why. */
  rule: WireRule = "head_too_large";

  constructor(kind: "request" | "response", maxBytes: number) {
    this.#isResponse = kind === "response";
    this.#section = new Section(this.#isResponse);
    this.maxBytes = maxBytes;
  }

  /** Octets of an unfinished head; empty lines before a request are none. */
  get heldBytes(): number {
    return this.#section.length;
  }

  /** Forgets an unfinished head, and the text of the last. */
  reset(): void {
    this.#begin();
    this.text = "";
  }

  /**
   * Reads from `at` on: the position of the first octet behind the head, -1 where all is taken and more is needed, or
   * -2 where the head is refused by `rule`. The next call after a position begins the next head.
   */
  read(chunk: Buffer, at: number): number {
    let from = at;
    if (this.#section.length === 0) {
      if (!this.#isResponse) from = this.#skipEmptyLines(chunk, at);
      if (from < 0) return from;
      const end = chunk.indexOf(endOfHead, from);
      if (end !== -1 && end - from + 4 <= this.maxBytes)
        return this.#finish(chunk.toString("latin1", from, end), end + 4);
    }
    return this.#readPiece(chunk, from);
  }

  #readPiece(chunk: Buffer, from: number): number {
    const section = this.#section;
    if (this.#isResponse && section.length < versionPrefix.length) {
      const rule = this.#prefixFault(chunk, from);
      if (rule !== undefined) return this.#refuse(rule);
    }
    const next = section.take(chunk, from, this.maxBytes);
    if (next === refused) return this.#refuse(section.rule);
    if (next !== more) return this.#finish(section.text(), next);
    if (section.length < this.maxBytes) return more;
    return this.#refuse(section.hasLine ? "head_too_large" : "first_line_too_large");
  }

  /** The first octets are judged before any other, wherever the chunks are cut. */
  #prefixFault(chunk: Buffer, from: number): WireRule | undefined {
    const held = this.#section.length;
    const begin = versionPrefix.slice(0, held) + chunk.toString("latin1", from, from + versionPrefix.length - held);
    return versionPrefix.startsWith(begin) ? undefined : prefixFault(begin);
  }

  /** Where the request line begins; -1 or -2 as `read`. */
  #skipEmptyLines(chunk: Buffer, at: number): number {
    let from = at;
    for (; from < chunk.length; from += 1) {
      const octet = chunk[from];
      if (this.#isAfterCr) {
        if (octet !== LF) return this.#refuse("bare_cr");
        this.#isAfterCr = false;
        this.#emptyLines += 1;
        if (this.#emptyLines > maxEmptyLines) return this.#refuse("empty_lines_too_many");
      } else if (octet === CR) this.#isAfterCr = true;
      else return from;
    }
    return more;
  }

  #finish(text: string, next: number): number {
    this.#begin();
    this.text = text;
    return next;
  }

  #begin(): void {
    this.#section.reset();
    this.#emptyLines = 0;
    this.#isAfterCr = false;
  }

  #refuse(rule: WireRule): typeof refused {
    this.rule = rule;
    return refused;
  }
}
