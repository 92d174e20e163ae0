import type { WireRule } from "./rules.ts";

import { Fields, Known, parseFields } from "./fields.ts";
import { more, refused, Section } from "./section.ts";
import { CR, hexValue, LF, octetClass, PLAIN, tokenFold } from "./tokens.ts";

const maxSizeDigits = 16;
/** Of all extensions of one body together. */
const maxExtensionBytes = 16_384;
const maxTrailerBytes = 16_384;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The chunk header of `size` octets. */
export function chunkHead(size: number): string {
  return `${size.toString(16)}\r\n`;
}

export const lastChunk = "0\r\n\r\n";

type State =
  | "size"
  | "extension_name"
  | "extension_value"
  | "quoted"
  | "quoted_pair"
  | "quoted_end"
  | "size_lf"
  | "data"
  | "data_cr"
  | "data_lf"
  | "trailers";

/** Fields that must not come behind a body: framing and hop-by-hop fields (RFC 9110 §6.5.1, §7.6.1). */
const notTrailing =
  Known.contentLength |
  Known.transferEncoding |
  Known.connection |
  Known.keepAlive |
  Known.upgrade |
  Known.trailer |
  Known.proxyAuthorization;
const notTrailingEither = ["te", "proxy-connection", "proxy-authenticate", "http2-settings"];

/**
 * Decodes one chunked body.
 *
 *     chunked-body   = *chunk last-chunk trailer-section CRLF
 *     chunk          = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
 *     last-chunk     = 1*("0") [ chunk-ext ] CRLF
 *     chunk-ext      = *( ";" chunk-ext-name [ "=" chunk-ext-val ] )
 *     chunk-ext-val  = token / quoted-string
 *
 * RFC 9112 §7.1. Whitespace around ";" and "=" (BWS) is refused.
 */
export class ChunkedDecoder {
  #state: State = "size";
  #size = 0;
  #digits = 0;
  /** Octets of the name or value that is being read. */
  #partLength = 0;
  #extensionBytes = 0;
  #left = 0;
  /** Where in the input the body's octets stand that were moved together. */
  #begin = 0;
  #end = 0;
  #trailers: Section | undefined;
  /** After `read`: all body octets of the input, a slice of it. */
  data: Buffer | undefined;
  /** The body and its trailers are complete. */
  isEnded = false;
  /** The trailers name a framing or hop-by-hop field. */
  namesHop = false;
  readonly #dropsHop: boolean;
  /** After -1 from `read`: why. */
  rule: WireRule = "chunk_size";

  /** @param hopTrailers what becomes of trailers that name a framing or hop-by-hop field */
  constructor(hopTrailers: "refuse" | "drop" = "refuse") {
    this.#dropsHop = hopTrailers === "drop";
  }

  /**
   * Reads from `at` on, up to the end of the body or of the input: the next position, or -1 where the body is refused by
   * `rule`. The body's octets are moved together within the input, so that a body in chunks of one octet costs its
   * consumer one piece for each input and not one for each chunk.
   */
  read(input: Buffer, at: number): number {
    this.#begin = this.#end = at;
    let next = at;
    while (next >= 0 && next < input.length && !this.isEnded) {
      if (this.#state === "data") next = this.#takeData(input, next);
      else if (this.#state === "trailers") next = this.#takeTrailers(input, next);
      else next = this.#takeOctet(input[next] as number, next);
    }
    this.data = this.#dataOf(input);
    return next;
  }

  #dataOf(input: Buffer): Buffer | undefined {
    if (this.#end === this.#begin) return undefined;
    return this.#end - this.#begin === input.length ? input : input.subarray(this.#begin, this.#end);
  }

  #refuse(rule: WireRule): -1 {
    this.rule = rule;
    return -1;
  }

  #takeOctet(octet: number, at: number): number {
    const rule = this.#step(octet);
    return rule === undefined ? at + 1 : this.#refuse(rule);
  }

  #takeData(input: Buffer, at: number): number {
    const end = Math.min(input.length, at + this.#left);
    if (this.#end === this.#begin) this.#begin = this.#end = at;
    else input.copyWithin(this.#end, at, end);
    this.#end += end - at;
    this.#left -= end - at;
    if (this.#left === 0) this.#state = "data_cr";
    return end;
  }

  #step(octet: number): WireRule | undefined {
    switch (this.#state) {
      case "size":
        return this.#stepSize(octet);
      case "size_lf":
        return octet === LF ? this.#endLine() : "bare_cr";
      case "data_cr":
        this.#state = "data_lf";
        return octet === CR ? undefined : "chunk_data_end";
      case "data_lf":
        this.#beginSize();
        return octet === LF ? undefined : "chunk_data_end";
      default:
        return this.#stepExtension(octet);
    }
  }

  #beginSize(): void {
    this.#state = "size";
    this.#size = 0;
    this.#digits = 0;
  }

  #stepSize(octet: number): WireRule | undefined {
    const value = hexValue[octet] as number;
    if (value > 15) return this.#digits === 0 ? "chunk_size" : this.#endPart(octet, "chunk_size");
    this.#digits += 1;
    this.#size = this.#size * 16 + value;
    return this.#digits > maxSizeDigits || this.#size > Number.MAX_SAFE_INTEGER ? "chunk_size" : undefined;
  }

  /** The size, or a name or value of an extension, ends with this octet; otherwise the line breaks `rule`. */
  #endPart(octet: number, rule: WireRule): WireRule | undefined {
    this.#partLength = 0;
    if (octet === CR) this.#state = "size_lf";
    else if (octet === SEMICOLON) this.#state = "extension_name";
    else return octet === LF ? "bare_lf" : rule;
    return undefined;
  }

  #stepExtension(octet: number): WireRule | undefined {
    this.#extensionBytes += 1;
    if (this.#extensionBytes > maxExtensionBytes) return "chunk_extension_too_long";
    switch (this.#state) {
      case "quoted":
        return this.#stepQuoted(octet);
      case "quoted_pair":
        this.#state = "quoted";
        return octetClass[octet] === PLAIN ? undefined : "chunk_extension";
      case "quoted_end":
        return this.#endPart(octet, "chunk_extension");
      default:
        return this.#stepToken(octet);
    }
  }

  #stepToken(octet: number): WireRule | undefined {
    const isName = this.#state === "extension_name";
    if (tokenFold[octet] !== 0) {
      this.#partLength += 1;
      return undefined;
    }
    if (this.#partLength === 0 && (isName || octet !== QUOTE)) return octet === LF ? "bare_lf" : "chunk_extension";
    if (this.#partLength > 0 && isName && octet === EQUALS) {
      this.#state = "extension_value";
      this.#partLength = 0;
      return undefined;
    }
    if (this.#partLength > 0) return this.#endPart(octet, "chunk_extension");
    this.#state = "quoted";
    return undefined;
  }

  /** quoted-string, RFC 9110 §5.6.4. */
  #stepQuoted(octet: number): WireRule | undefined {
    if (octet === QUOTE) this.#state = "quoted_end";
    else if (octet === BACKSLASH) this.#state = "quoted_pair";
    else if (octetClass[octet] !== PLAIN) return "chunk_extension";
    return undefined;
  }

  #endLine(): undefined {
    this.#left = this.#size;
    this.#state = this.#size === 0 ? "trailers" : "data";
  }

  #takeTrailers(input: Buffer, at: number): number {
    // Most bodies have no trailers.
    if (this.#trailers === undefined && input[at] === CR && input[at + 1] === LF) {
      this.isEnded = true;
      return at + 2;
    }
    const section = (this.#trailers ??= trailerSection());
    const next = section.take(input, at, maxTrailerBytes);
    if (next === refused) return this.#refuse(section.rule);
    if (next === more) return section.length < maxTrailerBytes ? input.length : this.#refuse("trailers_too_large");
    const fields = new Fields();
    // A length behind the body contradicts its framing, whoever reads it.
    const isSound = parseFields(section.text(), 0, fields) === undefined && !fields.has(Known.contentLength);
    this.namesHop = namesHop(fields);
    if (!isSound || (this.namesHop && !this.#dropsHop)) return this.#refuse("trailer_field");
    this.isEnded = true;
    return next;
  }
}

function trailerSection(): Section {
  const section = new Section(false);
  section.reset(true);
  return section;
}

function namesHop(fields: Fields): boolean {
  return fields.has(notTrailing) || notTrailingEither.some((name) => fields.get(name) !== undefined);
}
