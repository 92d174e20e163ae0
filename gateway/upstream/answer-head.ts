import type { UpstreamAnswer } from "../exchange.ts";
import type { ParsedHeaders } from "./headers.ts";

import { Failure } from "../failures/failure.ts";
import { listField, responseHeaders } from "./headers.ts";

/** The head of a final answer, as it is told to the rooms. */
export interface AnswerHead extends Pick<UpstreamAnswer, "status" | "headers" | "proxyStatus"> {
  /** The body's end is marked by a length or a last chunk, not by the end of the connection. */
  readonly isDelimited: boolean;
}

/** Up to a petabyte: what every recipient can count. */
const soundLength = /^[0-9]{1,15}$/;

/**
 * Reads a final response's head, and refuses what the HTTP client's parser lets through: statuses nobody may send on;
 * transfer codings other than chunked (RFC 9112 §7), any of them in an HTTP/1.0 response, whose framing is to be taken
 * for faulty (§6.1); and either framing field with white space behind its value. That is legal, and the parser reads
 * `chunked` and a tab as a body that ends with the connection, a length and a space as another length.
 *
 * Throws upstream_protocol_error.
 */
export function readAnswerHead(status: number, parsed: ParsedHeaders, minorVersion: number): AnswerHead {
  const coding = listField(parsed, "transfer-encoding");
  const length = listField(parsed, "content-length");
  if (
    status > 599 ||
    (coding !== undefined && (minorVersion === 0 || coding.toLowerCase() !== "chunked")) ||
    (length !== undefined && !soundLength.test(length))
  ) {
    throw new Failure("upstream_protocol_error");
  }
  return {
    status,
    headers: responseHeaders(parsed),
    proxyStatus: listField(parsed, "proxy-status"),
    isDelimited: coding !== undefined || length !== undefined,
  };
}
