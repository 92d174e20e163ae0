import type { WireRule } from "./rules.ts";

export const CR = 0x0d;
export const LF = 0x0a;
export const COLON = 0x3a;

/** Octet classes of a head, see `octetClass`. */
export const PLAIN = 0;
export const CONTROL = 1;
/** No octet at all. */
const FOREIGN = 2;
/** CR or LF. */
const BREAK = 3;

/** By octet: the class it has in a head. HTAB is plain. */
export const octetClass: Uint8Array = table((octet) => {
  if (octet === CR || octet === LF) return BREAK;
  return (octet < 0x20 && octet !== 0x09) || octet === 0x7f ? CONTROL : PLAIN;
});

/**
 * By octet: the lower-case form of a tchar, 0 for every other octet.
 *
 *     tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
 *
 * RFC 9110 §5.6.2.
 */
export const tokenFold: Uint8Array = table((octet) => {
  const character = String.fromCharCode(octet);
  return /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(character) ? character.toLowerCase().charCodeAt(0) : 0;
});

/** By octet: the value of a hexadecimal digit, 255 for every other octet. */
export const hexValue: Uint8Array = table((octet) => {
  const value = Number.parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? 255 : value;
});

let scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * The octets of a latin1 text, from index 0; they are valid until the next call. A loop over octets takes about two
 * thirds of the time of one over `charCodeAt`.
 */
export function octetsOf(text: string): Buffer {
  if (text.length > scratch.length) scratch = Buffer.allocUnsafeSlow(2 * text.length);
  scratch.write(text, 0, "latin1");
  return scratch;
}

/** Whether each character is an octet. V8 answers this at once for a string that it stores as latin1. */
export function isLatin1(text: string): boolean {
  return !outsideLatin1.test(text);
}

const outsideLatin1 = /[\u0100-\uffff]/;

function table(valueOf: (octet: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => valueOf(octet));
}

/** OWS = *( SP / HTAB ), RFC 9110 §5.6.3. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** token = 1*tchar, RFC 9110 §5.6.2. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f || tokenFold[code] === 0) return false;
  }
  return text.length > 0;
}

/**
 * The first octet of a head that may stand in no line of it. A head is refused for its octets before it is refused for
 * its lines, because a head that arrives in pieces is refused for its octets before its lines are complete.
 *
 * @param isResponse the reason phrase may hold control characters other than CR and LF
 */
export function octetFault(text: string, isResponse: boolean): WireRule | undefined {
  let isReason = isResponse;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const kind = code > 0xff ? FOREIGN : octetClass[code];
    if (kind === PLAIN || (kind === CONTROL && isReason)) continue;
    if (kind !== BREAK) return "control_char";
    if (code === LF) return "bare_lf";
    if (text.charCodeAt(at + 1) !== LF) return "bare_cr";
    at += 1;
    isReason = false;
  }
  return undefined;
}
