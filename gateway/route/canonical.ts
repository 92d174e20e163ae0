import { Failure } from "../failures/failure.ts";

/**
 * The canonical form of a request path, for matching alone: what a server behind us may read it as. The bytes on the
 * wire stay as they came.
 *
 * Escapes of characters that a path may hold as they are get decoded, once; every other escape is kept, in upper case
 * (RFC 3986 §6.2.2). So the form holds no escape that could be decoded further, and its own form is itself. A path in
 * which two servers could see different resources is refused rather than repaired: dot segments plain or escaped
 * (`..;x` too, which some servers read as `..`), empty segments, `\`, `#`, escaped slashes and control characters,
 * broken escapes, escapes that are not UTF-8.
 *
 * With `encodedSlash` "allow" an escaped slash is data and stays one, `%2F`; what it parts must not be a dot segment
 * all the same, because a server that decodes it first would resolve that.
 *
 * @throws Failure malformed_request
 */
export function canonicalPath(raw: string, encodedSlash: EncodedSlash = "refuse"): string {
  if (raw.charCodeAt(0) !== slash) throw refuse("The request path must begin with a slash.");
  for (let i = 0; i < raw.length; i++) {
    const kind = kindOf(raw.charCodeAt(i));
    if (kind === kindPlain) continue;
    if (kind === kindForbidden) throw refuse(forbiddenCharacter);
    if (kind !== kindSlash) return rewritten(raw, encodedSlash === "allow");
    refuseAmbiguousSegment(raw, i);
  }
  return raw;
}

/** What becomes of escaped slashes in a path. */
export type EncodedSlash = "refuse" | "allow";

/** Whether a canonical path holds an escaped slash. */
export function hasEncodedSlash(path: string): boolean {
  return path.includes("%2F");
}

function rewritten(raw: string, allowsSlash: boolean): string {
  let path = "";
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === kindForbidden) throw refuse(forbiddenCharacter);
    if (kind === kindEscape) {
      const byte = escapedByte(raw, i);
      path += byte === slash && allowsSlash ? "%2F" : unescaped(byte);
      i += 2;
    } else {
      path += kind === kindUnsafe ? escapeOf(code) : raw[i];
    }
  }
  for (let i = path.indexOf("/"); i !== -1; i = path.indexOf("/", i + 1)) refuseAmbiguousSegment(path, i);
  if (allowsSlash && dotsBesideEncodedSlash.test(path)) throw refuse("The request path holds a dot segment.");
  if (!isUtf8(path)) throw refuse("The request path holds an escape that is not UTF-8.");
  return path;
}

/** Decodes the escapes of a canonical path's segment: its value, once. */
export function segmentValue(segment: string): string {
  return segment.includes("%") ? decodeURIComponent(segment) : segment;
}

/** The segment after the slash at `at` must not be one that servers resolve or merge before they look it up. */
function refuseAmbiguousSegment(path: string, at: number): void {
  const first = path.charCodeAt(at + 1);
  if (first === slash) throw refuse("The request path holds an empty segment.");
  if (first !== dot) return;
  const after = path.charCodeAt(at + 2) === dot ? at + 3 : at + 2;
  const next = path.charCodeAt(after);
  if (after >= path.length || next === slash || next === semicolon) {
    throw refuse("The request path holds a dot segment.");
  }
}

function escapedByte(raw: string, at: number): number {
  const high = hexDigit(raw.charCodeAt(at + 1));
  const low = hexDigit(raw.charCodeAt(at + 2));
  if (high === -1 || low === -1) throw refuse("The request path holds a broken escape.");
  return high * 16 + low;
}

function unescaped(byte: number): string {
  // `?` and `#` end a path only while they are bare; escaped they are data.
  if (byte >= 0x80 || byte === questionMark || byte === hash) return escapeOf(byte);
  const kind = kindOf(byte);
  if (kind === kindPlain) return String.fromCharCode(byte);
  if (kind === kindSlash || kind === kindForbidden) {
    throw refuse("The request path holds an escaped slash, backslash or control character.");
  }
  return escapeOf(byte);
}

function escapeOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function kindOf(code: number): number {
  return code < 0x80 ? (kinds[code] ?? kindForbidden) : kindForbidden;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function refuse(detail: string): Failure {
  return new Failure("malformed_request", { detail });
}

const dotsBesideEncodedSlash = /%2F\.\.?(?:[/;]|%2F|$)|\/\.\.?%2F/;
const forbiddenCharacter = "The request path holds a character that is not allowed there.";
const slash = 0x2f;
const dot = 0x2e;
const semicolon = 0x3b;
const hash = 0x23;
const questionMark = 0x3f;

const kindForbidden = 0;
const kindPlain = 1;
const kindSlash = 2;
const kindEscape = 3;
/** Not allowed bare by RFC 3986, though sent bare by many clients: its canonical form is the escape. */
const kindUnsafe = 4;

const kinds = new Uint8Array(128);
kinds[0x20] = kindUnsafe;
for (let code = 0x21; code < 0x7f; code++) kinds[code] = kindUnsafe;
for (const character of "-._~!$&'()*+,;=:@") kinds[character.charCodeAt(0)] = kindPlain;
for (let code = 0x30; code < 0x7b; code++) {
  if (/[0-9A-Za-z]/.test(String.fromCharCode(code))) kinds[code] = kindPlain;
}
kinds[slash] = kindSlash;
kinds["%".charCodeAt(0)] = kindEscape;
for (const character of "#?\\") kinds[character.charCodeAt(0)] = kindForbidden;
