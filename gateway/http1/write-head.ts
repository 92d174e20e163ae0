import { STATUS_CODES } from "node:http";

import { isLatin1, isToken, octetClass, octetsOf, PLAIN } from "./tokens.ts";

/** A method, target, status, name or value that must not be written to the wire. Never shown to a client. */
export class FieldRefused extends Error {
  override readonly name = "FieldRefused";
}

const outsideTarget = /[^\x21-\x7e]/;
const statusLines = new Map<number, string>();
/** Names that have been found to be tokens; bounded, because an upstream may send any. */
const soundNames = new Set<string>();
const maxSoundNames = 1024;
/** By octet: 1 for one that no value may hold, 0 for every other. */
const isForbidden = Uint8Array.from(octetClass, (kind) => (kind === PLAIN ? 0 : 1));

/**
 * The head of a request, latin1, with the CRLF CRLF at its end. RFC 9112 §3.
 *
 * @param fields name, value, name, value …
 */
export function writeRequestHead(method: string, target: string, fields: readonly string[]): string {
  if (!isToken(method)) throw new FieldRefused("the method is no token");
  if (target === "" || outsideTarget.test(target)) throw new FieldRefused("the target has a forbidden character");
  return written(`${method} ${target} HTTP/1.1\r\n`, fields, "\r\n");
}

/**
 * The head of a response with the gateway's own reason phrase, latin1. RFC 9112 §4.
 *
 * @param tail written as it is: the caller's framing and connection fields, and the CRLF CRLF of the head's end
 */
export function writeResponseHead(status: number, fields: readonly string[], tail: string): string {
  return written(statusLine(status), fields, tail);
}

/** The head of an interim response (RFC 9110 §15.2), latin1, with the CRLF CRLF at its end. */
export function writeInterimHead(status: number, fields: readonly string[]): string {
  if (status >= 200) throw new FieldRefused(`${status} is no interim status`);
  return written(statusLine(status), fields, "\r\n");
}

function statusLine(status: number): string {
  const known = statusLines.get(status);
  if (known !== undefined) return known;
  if (!Number.isInteger(status) || status < 100 || status >= 600) throw new FieldRefused(`${status} is no status`);
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n`;
  statusLines.set(status, line);
  return line;
}

/** The first line, the fields and the tail. The fields are checked in the string that is written, all in one loop. */
function written(firstLine: string, fields: readonly string[], tail: string): string {
  let lines = "";
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (!soundNames.has(name)) learnName(name);
    lines = lines + name + ": " + (fields[at + 1] as string) + "\r\n";
  }
  const text = firstLine + lines + tail;
  // Each field has CR and LF of its own line end, and nothing else of the kind.
  if (!isLatin1(text) || countForbidden(text, firstLine.length, firstLine.length + lines.length) !== fields.length) {
    throw refusal(fields);
  }
  return text;
}

function learnName(name: string): void {
  if (!isToken(name)) throw new FieldRefused("a field name is no token");
  if (soundNames.size < maxSoundNames && name.length <= 64)
    soundNames.add(Buffer.from(name, "latin1").toString("latin1"));
}

/** The number of octets from `from` to `to` that no value may hold; the CR and LF of each line are among them. */
function countForbidden(text: string, from: number, to: number): number {
  const octets = octetsOf(text);
  let count = 0;
  for (let at = from; at < to; at += 1) count += isForbidden[octets[at] as number] as number;
  return count;
}

/** Names the first field whose value must not be written, and never the value. */
function refusal(fields: readonly string[]): FieldRefused {
  const at = fields.findIndex((value, index) => index % 2 === 1 && !(isLatin1(value) && isPlain(value)));
  return new FieldRefused(at === -1 ? "a field has no value" : `the value of ${fields[at - 1]} cannot be written`);
}

function isPlain(value: string): boolean {
  return countForbidden(value, 0, value.length) === 0;
}
