import type { FailureCode } from "../failures/codes.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { WireRule } from "../http1/rules.ts";

import { Failure, WireError } from "../failures/failure.ts";
import { Fields } from "../http1/fields.ts";
import { wireRules } from "../http1/rules.ts";

/** Rules whose failure is not malformed_request. */
const codes: Partial<Record<WireRule, FailureCode>> = {
  first_line_too_large: "uri_too_long",
  head_too_large: "headers_too_large",
  version: "http_version_unsupported",
  // Its methods are not HTTP's.
  protocol: "method_unknown",
  transfer_coding_unknown: "transfer_coding_unknown",
};

/** What a request that breaks a rule of the wire is refused with. The connection ends: its framing is in doubt. */
export function wireFailure(rule: WireRule): Failure {
  const cause = new WireError(rule, wireRules[rule]);
  return new Failure(codes[rule] ?? "malformed_request", { cause, close: true });
}

/** The client sent FIN within a message (RFC 9112 §8). */
export function incompleteMessage(): Failure {
  const cause = new WireError("incomplete_message", "FIN before the message was complete (RFC 9112 §8)");
  return new Failure("malformed_request", { cause, close: true });
}

/** This gateway is no forward proxy: CONNECT asks for a tunnel that no route offers (RFC 9110 §9.3.6). */
export function connectRefusal(): Failure {
  return new Failure("method_not_allowed", {
    headers: [["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]],
    close: true,
  });
}

/** Stands for the head of bytes that made none. */
export const noHead: RequestHead = Object.freeze({ method: "", target: "", minorVersion: 1, fields: new Fields() });
