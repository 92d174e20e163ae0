import type { WireRule } from "./rules.ts";

import { Fields, parseFields } from "./fields.ts";
import { isToken, LF, octetFault } from "./tokens.ts";

export interface RequestHead {
  /** Any token: which methods are served is the caller's decision. */
  readonly method: string;
  /** In one of the four forms of RFC 9112 §3.2; which form suits the method is the caller's decision. */
  readonly target: string;
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
}

/** Methods whose strings are made once. */
const methods = new Map(
  ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "QUERY"].map((name) => [name, name]),
);

const outsideTarget = /[^\x21-\x7e]/;
/** uri-host, RFC 3986 §3.2.2: an address in brackets, or a name; http has none that is empty (RFC 9110 §4.2.1). */
const host = String.raw`(?:\[[0-9A-Za-z:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)`;
/** absolute-form of the two schemes that HTTP serves (RFC 9110 §4.2). */
const absoluteForm = new RegExp(
  String.raw`^https?://(?:[A-Za-z0-9\-._~%!$&'()*+,;=:]*@)?${host}(?::[0-9]*)?(?:[/?].*)?$`,
  "i",
);
/** authority-form, the form of CONNECT alone (RFC 9112 §3.2.3). */
const authorityForm = new RegExp(`^${host}:[0-9]+$`);
const otherVersion = /^HTTP\/[0-9](?:\.[0-9])?$/;
/** Protocols that borrowed the request line: RTSP, ICE. */
const otherProtocol = /^[A-Z]+\/[0-9]\.[0-9]$/;

/**
 * Parses the head of a request; the rule that it breaks in its place.
 *
 *     request-line = method SP request-target SP HTTP-version
 *
 * RFC 9112 §3.
 *
 * @param text latin1, without the CRLF CRLF at its end
 */
export function parseRequestHead(text: string): RequestHead | WireRule {
  const found = text.indexOf("\r");
  const end = found === -1 ? text.length : found;
  const methodEnd = text.indexOf(" ");
  const targetEnd = text.indexOf(" ", methodEnd + 1);
  const minorVersion = text.charCodeAt(targetEnd + 8) - 0x30;
  const isHttp1 = end - targetEnd === 9 && text.startsWith("HTTP/1.", targetEnd + 1);
  // A space that stands behind the request line leaves its own place too far from `end`.
  if (methodEnd === -1 || targetEnd === -1 || !isHttp1 || (minorVersion !== 0 && minorVersion !== 1)) {
    return octetFault(text, false) ?? firstLineFault(text.slice(0, end));
  }
  const method = text.slice(0, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  const known = methods.get(method);
  const rule = known === undefined && !isToken(method) ? "method_char" : targetFault(method, target);
  if (rule !== undefined) return octetFault(text, false) ?? rule;
  if (found !== -1 && (text.charCodeAt(end + 1) !== LF || end + 2 === text.length)) {
    return octetFault(text, false) ?? "no_colon";
  }
  const fields = new Fields();
  return parseFields(text, end + 2, fields) ?? { method: known ?? method, target, minorVersion, fields };
}

/** RFC 9112 §3.2; its asterisk-form is judged by the caller, who knows the method. */
function targetFault(method: string, target: string): WireRule | undefined {
  if (target === "") return "request_line";
  if (outsideTarget.test(target)) return "target_char";
  const isSound =
    method === "CONNECT"
      ? authorityForm.test(target)
      : target.charCodeAt(0) === 0x2f || target === "*" || absoluteForm.test(target);
  return isSound ? undefined : "target_form";
}

/** What is wrong with a first line that is not made of three parts, or has another version. */
function firstLineFault(line: string): WireRule {
  const parts = line.split(" ");
  const [method = "", target = "", version = ""] = parts;
  // HTTP/0.9 (RFC 1945 §4.1) has no version at all.
  const isOld = parts.length === 2 && method === "GET" && target !== "";
  if (!isOld && parts.length !== 3) return "request_line";
  if (method === "" || target === "") return "request_line";
  if (!isToken(method)) return "method_char";
  if (outsideTarget.test(target)) return "target_char";
  if (isOld || otherVersion.test(version)) return "version";
  return otherProtocol.test(version) ? "protocol" : "request_line";
}
