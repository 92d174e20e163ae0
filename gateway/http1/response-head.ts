import type { WireRule } from "./rules.ts";

import { Fields, parseFields } from "./fields.ts";
import { isDigit, LF, octetFault } from "./tokens.ts";

export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
}

/** What every status line that the codec takes begins with. */
export const versionPrefix = "HTTP/1.";

/**
 * Parses the head of a response; the rule that it breaks in its place. The reason phrase is dropped, and may be
 * missing together with the space before it.
 *
 *     status-line = HTTP-version SP status-code SP [ reason-phrase ]
 *
 * RFC 9112 §4.
 *
 * @param text latin1, without the CRLF CRLF at its end
 */
export function parseResponseHead(text: string): ResponseHead | WireRule {
  if (!text.startsWith(versionPrefix)) return prefixFault(text);
  const found = text.indexOf("\r");
  const end = found === -1 ? text.length : found;
  const minorVersion = text.charCodeAt(7) - 0x30;
  const status = statusAt(text, 9);
  const isLine = text.charCodeAt(8) === 0x20 && status !== -1 && (end === 12 || text.charCodeAt(12) === 0x20);
  if (!isLine || (minorVersion !== 0 && minorVersion !== 1)) return refused(text, lineFault(text, end));
  if (status < 100 || status >= 600) return refused(text, "status_range");
  const reasonFault = octetFault(text.slice(12, end), true);
  if (reasonFault !== undefined) return refused(text, reasonFault);
  if (found !== -1 && (text.charCodeAt(end + 1) !== LF || end + 2 === text.length)) return refused(text, "no_colon");
  const fields = new Fields();
  const rule = parseFields(text, end + 2, fields);
  return rule === undefined ? { status, minorVersion, fields } : refused(text, rule);
}

/** Why a response that does not begin with `versionPrefix` is refused; its first characters decide. */
export function prefixFault(text: string): WireRule {
  const isVersion = text.startsWith("HTTP/") && isDigit(text.charCodeAt(5)) && text.charCodeAt(5) !== 0x31;
  return isVersion ? "version" : "status_line";
}

/** Three digits, or -1. */
function statusAt(text: string, at: number): number {
  const hundreds = text.charCodeAt(at);
  const tens = text.charCodeAt(at + 1);
  const ones = text.charCodeAt(at + 2);
  if (!isDigit(hundreds) || !isDigit(tens) || !isDigit(ones)) return -1;
  return (hundreds - 0x30) * 100 + (tens - 0x30) * 10 + ones - 0x30;
}

/** Octets are judged before lines, see `octetFault`. */
function refused(text: string, rule: WireRule): WireRule {
  return octetFault(text, true) ?? rule;
}

function lineFault(text: string, end: number): WireRule {
  return /^HTTP\/1\.[2-9](?: |$)/.test(text.slice(0, end)) ? "version" : "status_line";
}
