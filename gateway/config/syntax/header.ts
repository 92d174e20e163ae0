/** RFC 9110 §5.6.2. */
export const tokenPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}$";
const token = new RegExp(tokenPattern);

// Hop-by-hop (RFC 9110 §7.6.1), framing, and what the gateway itself answers for: a rule on one of these would
// make two messages of one, or let the configuration lie about who said what.
const own = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "proxy-status",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
  "x-request-id",
]);

/** A field that a rule may set or remove. */
export function settableHeaderFault(name: string): string | undefined {
  if (!token.test(name)) return "is no header name (RFC 9110 §5.1)";
  return own.has(name.toLowerCase()) ? "is the gateway's own to set" : undefined;
}

/** A field value (RFC 9110 §5.5): no line break, no other control character, no space at its ends. */
export function headerValueFault(value: string): string | undefined {
  if (value.length > 8192) return "is longer than 8192 characters";
  if (value.trim() !== value) return "has space at its ends";
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? undefined : "has a character that no header may have";
}

/** One of a few words, or `header:` and a field name. */
export function keyFault(words: readonly string[]): (text: string) => string | undefined {
  return (text) => {
    const isHeader = text.startsWith("header:") && token.test(text.slice("header:".length));
    return isHeader || words.includes(text) ? undefined : `is none of ${words.join(", ")}, header:<name>`;
  };
}

/** A media type alone: no range, no parameters. */
export function mediaTypeFault(text: string): string | undefined {
  return text.includes("*") ? "is a range of media types" : mediaRangeFault(text);
}

/** A media type, or a range of them by `*` or `*+suffix`; no parameters. */
export function mediaRangeFault(text: string): string | undefined {
  const [type = "", subtype = "", ...rest] = text.split("/");
  if (rest.length > 0 || !token.test(type) || !token.test(subtype)) return "is no media type";
  if (type.includes("*") && text !== "*/*") return "has a * in its type";
  return subtype.includes("*") && !/^\*(\+[^*]+)?$/.test(subtype) ? "has a * that is no whole subtype" : undefined;
}
