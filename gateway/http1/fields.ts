import type { WireRule } from "./rules.ts";

import { fieldNameAt, Known } from "./names.ts";
import { COLON, CR, isBlank, isLatin1, LF, octetClass, octetFault, octetsOf, PLAIN } from "./tokens.ts";

export { Known };

/** The fields of one section, in their order. */
export class Fields {
  /** name, value, name, value … Names in lower case, values without the whitespace around them; a character an octet. */
  readonly list: string[] = [];
  /** The bits of the `Known` names that occur. */
  seen = 0;
  /** The bits of the `Known` names that occur more than once. */
  repeated = 0;
  /** Some name has a `_`, which other software may take for a `-`. */
  hasUnderscore = false;

  has(bit: number): boolean {
    return (this.seen & bit) !== 0;
  }

  isRepeated(bit: number): boolean {
    return (this.repeated & bit) !== 0;
  }

  /**
   * The value of a field; several lines are joined to one list (RFC 9110 §5.3), cookies with "; " (RFC 6265 §5.4).
   *
   * @param name in lower case
   */
  get(name: string): string | undefined {
    const { list } = this;
    let value: string | undefined;
    for (let at = 0; at < list.length; at += 2) {
      if (list[at] !== name) continue;
      const line = list[at + 1] ?? "";
      value = value === undefined ? line : `${value}${name === "cookie" ? "; " : ", "}${line}`;
    }
    return value;
  }

  /**
   * Every value of a field, in their order.
   *
   * @param name in lower case
   */
  all(name: string): string[] {
    return this.list.filter((_, at, list) => at % 2 === 1 && list[at - 1] === name);
  }
}

/**
 * Parses field lines into `into`; the rule that they break, or undefined.
 *
 *     field-line    = field-name ":" OWS field-value OWS
 *     field-value   = *field-content, of VCHAR / obs-text with SP / HTAB between them
 *
 * RFC 9112 §5, RFC 9110 §5.5.
 *
 * @param text latin1, with CRLF between the lines and none behind the last
 * @param from where the first line begins; past the end of `text` where there is none
 */
export function parseFields(text: string, from: number, into: Fields): WireRule | undefined {
  const { length } = text;
  if (!isLatin1(text)) return "control_char";
  const octets = octetsOf(text);
  for (let at = from; at < length;) {
    const name = fieldNameAt(octets, at, length);
    const colon = name === undefined ? at : at + name.name.length;
    if (name === undefined || colon === length || octets[colon] !== COLON) {
      return refused(text, lineFault(text, at, colon));
    }
    let start = colon + 1;
    while (start < length && isBlank(octets[start] as number)) start += 1;
    let end = start;
    while (end < length && octetClass[octets[end] as number] === PLAIN) end += 1;
    // Nothing but CRLF may follow, and then a line: an empty line ends a section, and the section ends before it.
    if (end < length && !(octets[end] === CR && octets[end + 1] === LF && end + 2 < length)) {
      return refused(text, "no_colon");
    }
    let stop = end;
    while (stop > start && isBlank(octets[stop - 1] as number)) stop -= 1;
    into.list.push(name.name, text.slice(start, stop));
    into.repeated |= into.seen & name.bit;
    into.seen |= name.bit;
    if (name.hasUnderscore) into.hasUnderscore = true;
    at = end + 2;
  }
  return undefined;
}

/** Octets are judged before lines, see `octetFault`. */
function refused(text: string, rule: WireRule): WireRule {
  return octetFault(text, false) ?? rule;
}

/** Why the line at `at` does not begin with a name and its colon. The tchars of the line end at `end`. */
function lineFault(text: string, at: number, end: number): WireRule {
  const code = text.charCodeAt(end);
  if (end === at && isBlank(code)) return "obs_fold";
  if (end === at && code === COLON) return "field_name_empty";
  const lineEnd = text.indexOf("\r", at);
  const colon = text.indexOf(":", at);
  if (colon === -1 || (lineEnd !== -1 && colon > lineEnd)) return "no_colon";
  return /^[ \t]+$/.test(text.slice(end, colon)) ? "space_before_colon" : "field_name";
}
