import { isUtf8 } from "node:buffer";

import { Failure } from "../failures/failure.ts";
import { maxDepth, refuseJsonFault } from "./json-fault.ts";

/**
 * Reads a JSON text (RFC 8259) more strictly than JSON.parse, because what stands behind the gateway may read it
 * otherwise. Refused besides what the grammar forbids: bytes that are not UTF-8, a byte order mark, a member name
 * twice in one object (compared after unescaping), the member name `__proto__`, nesting deeper than 64.
 *
 * Allowed, as the grammar has it: any JSON value at the top, escapes of lone surrogates, numbers that a double cannot
 * hold. The value serves validation alone; what is forwarded is the bytes.
 *
 * @throws Failure malformed_body, its detail naming the fault and the byte, never the content
 */
export function parseJson(bytes: Buffer): unknown {
  const members = isUtf8(bytes) ? countMembers(bytes) : unreadable;
  if (members !== unreadable) {
    const value = parse(bytes.toString("utf8"));
    // JSON.parse keeps the last of several members of one name: then the value has fewer than the text.
    if (value !== unparsed && countOwnMembers(value) === members) return value;
  }
  refuseJsonFault(bytes);
  throw new Failure("malformed_body");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return unparsed;
  }
}

/** The number of `:` outside strings: in a valid text that of its members. Unreadable where it nests too deeply. */
function countMembers(bytes: Buffer): number {
  let members = 0;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i] ?? 0) {
      case quote:
        i = stringEnd(bytes, i + 1);
        break;
      case colon:
        members++;
        break;
      case openBrace:
      case openBracket:
        if (++depth > maxDepth) return unreadable;
        break;
      case closeBrace:
      case closeBracket:
        depth--;
        break;
      default:
    }
  }
  return members;
}

function stringEnd(bytes: Buffer, start: number): number {
  let i = start;
  for (; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) break;
    if (byte === backslash) i++;
  }
  return i;
}

/** Members of the value and all within it; unreadable where one is named `__proto__`. Nesting is bounded by now. */
function countOwnMembers(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) {
      if (typeof item === "object" && item !== null) members += countOwnMembers(item);
    }
    return members;
  }
  const record = value as Record<string, unknown>;
  for (const name in record) {
    if (name === "__proto__") return unreadable;
    members++;
    const member = record[name];
    if (typeof member === "object" && member !== null) members += countOwnMembers(member);
  }
  return members;
}

const unreadable = -Infinity;
const unparsed = Symbol("unparsed");
const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
