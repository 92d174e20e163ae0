import type { RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import type { WireRule } from "./rules.ts";

import { Known, type Fields } from "./fields.ts";

/** The body is in chunks. */
export const chunked = -1;
/** The body ends with the connection. */
export const untilClose = -2;

const digits = /^[0-9]+$/;
/** RFC 9110 §5.6.1; the whitespace around the whole value is gone already. */
const listComma = /[ \t]*,[ \t]*/;
const lengths = /^[0-9]*(?:[ \t]*,[ \t]*[0-9]*)+$/;

/** How long a request's body is: a length, `chunked`, or the rule that its framing breaks. RFC 9112 §6.3. */
export function requestFraming(head: RequestHead): number | WireRule {
  if (!head.fields.has(Known.contentLength | Known.transferEncoding)) return 0;
  return framed(head.fields, head.minorVersion);
}

/**
 * How long a response's body is: a length, `chunked`, `untilClose`, or the rule that its framing breaks. RFC 9112 §6.3.
 * Faulty framing is refused also where no body follows.
 */
export function responseFraming(head: ResponseHead, requestMethod: string): number | WireRule {
  const { fields, status } = head;
  const isFramed = fields.has(Known.contentLength | Known.transferEncoding);
  const framing = isFramed ? framed(fields, head.minorVersion) : untilClose;
  if (typeof framing === "string") return framing;
  const isBodyless = requestMethod === "HEAD" || status < 200 || status === 204 || status === 304;
  return isBodyless ? 0 : framing;
}

/** Whether the connection persists after the message. RFC 9112 §9.3. */
export function isPersistent(minorVersion: 0 | 1, fields: Fields): boolean {
  if (!fields.has(Known.connection)) return minorVersion === 1;
  const value = (fields.get("connection") ?? "").toLowerCase();
  if (value === "keep-alive") return true;
  if (value === "close") return false;
  const options = new Set(value.split(listComma));
  if (options.has("close")) return false;
  return minorVersion === 1 || options.has("keep-alive");
}

function framed(fields: Fields, minorVersion: 0 | 1): number | WireRule {
  if (!fields.has(Known.transferEncoding)) return contentLength(fields);
  if (fields.has(Known.contentLength)) return "content_length_and_transfer_encoding";
  if (minorVersion === 0) return "transfer_encoding_in_1_0";
  if (fields.isRepeated(Known.transferEncoding)) return "transfer_encoding_repeated";
  const value = (fields.get("transfer-encoding") ?? "").toLowerCase();
  return value === "chunked" ? chunked : codingFault(value);
}

/** Content-Length = 1*DIGIT, RFC 9110 §8.6. */
function contentLength(fields: Fields): number | WireRule {
  if (fields.isRepeated(Known.contentLength)) return "content_length_repeated";
  const value = fields.get("content-length") ?? "";
  if (!digits.test(value)) return lengths.test(value) ? "content_length_repeated" : "content_length_digits";
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : "content_length_too_large";
}

/** Why a Transfer-Encoding that is not `chunked` is refused. RFC 9112 §6.1, §6.3. */
function codingFault(value: string): WireRule {
  const codings = value.split(listComma);
  if (codings.at(-1) !== "chunked" || codings.includes("")) return "transfer_encoding_not_chunked";
  return codings.indexOf("chunked") < codings.length - 1 ? "transfer_encoding_repeated" : "transfer_coding_unknown";
}
