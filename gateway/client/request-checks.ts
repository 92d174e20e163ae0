import { METHODS } from "node:http";

import type { Exchange, Inbound } from "../exchange/exchange.ts";
import type { Fields } from "../http1/fields.ts";

import { Failure } from "../failures/failure.ts";
import { Known } from "../http1/fields.ts";

export interface RequestCheckOptions {
  /** Longest request target in bytes. */
  readonly maxTargetLength: number;
  /** This gateway in Via: seeing it means that the request goes round in circles. */
  readonly pseudonym: string;
}

/** The registered methods, as Node lists them; SOURCE is Icecast's. */
const knownMethods = new Set(METHODS.filter((method) => method !== "SOURCE"));

/** Header fields of a request over this are refused. */
const maxHeaderFields = 100;

/**
 * What a message may say by its grammar and still not to us: everything that could be read in two ways by two parsers in
 * a row (RFC 9112 §2.2, §3.2).
 *
 * Failures: method_unknown, malformed_request, headers_too_large, uri_too_long, loop_detected, expectation_failed.
 */
export function checkRequest({ inbound }: Exchange, options: RequestCheckOptions): void {
  const { fields, method } = inbound;
  if (!knownMethods.has(method)) throw new Failure("method_unknown");
  if (fields.list.length > 2 * maxHeaderFields) throw new Failure("headers_too_large");
  if (inbound.targetLength > options.maxTargetLength) throw new Failure("uri_too_long");
  checkHost(inbound);
  checkTarget(method, inbound.target);
  if (fields.isRepeated(singletons)) throw malformed("A header field that may come once came twice.", true);
  if (fields.has(Known.connection)) checkConnectionOptions(fields.get("connection") ?? "");
  if (fields.has(Known.via)) checkLoop(fields.get("via") ?? "", options.pseudonym);
  if (fields.has(Known.maxForwards)) checkMaxForwards(method, fields);
  if (fields.has(Known.expect) && fields.get("expect")?.toLowerCase() !== "100-continue") {
    throw new Failure("expectation_failed");
  }
}

/** OPTIONS of the whole server, or one that may go no further (RFC 9110 §7.6.2, §9.3.7). */
export function isForGateway({ inbound }: Exchange): boolean {
  const { method, target, fields } = inbound;
  if (method !== "OPTIONS") return false;
  return target === "*" || (fields.has(Known.maxForwards) && Number(fields.get("max-forwards")) === 0);
}

/**
 * Origin form, or `*` of OPTIONS (RFC 9112 §3.2), in characters of a URI alone: what ends it for one server and not for
 * the next (a space, a tab, `#`) has no place in it. Paths are judged by the router, queries are opaque.
 */
const originForm = /^\/[!-"$-~]*$/;

function checkTarget(method: string, target: string): void {
  if (originForm.test(target) || (target === "*" && method === "OPTIONS")) return;
  throw malformed("The request target is not valid.");
}

/** RFC 3986 lets a name hold more (`a,b`, `%2e`), of which no host has any, and which not all servers read alike. */
const authorityForm = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** RFC 9112 §3.2: HTTP/1.1 always names a valid Host, also where an absolute target's own authority will win. */
function checkHost({ fields, minorVersion, authority }: Inbound): void {
  const host = fields.has(Known.host) ? fields.get("host") : undefined;
  const isValid = host === undefined ? minorVersion === 0 : authorityForm.test(host);
  if (!isValid) throw malformed("The Host field is missing or not valid.", true);
  if (host === undefined && authority === "") return;
  if (host !== authority && !authorityForm.test(authority))
    throw malformed("The request target names no valid host.", true);
}

/** Fields that mean something only once; of several, recipients disagree about which. */
const singletons =
  Known.host |
  Known.contentType |
  Known.contentLength |
  Known.authorization |
  Known.proxyAuthorization |
  Known.contentEncoding |
  Known.range |
  Known.ifRange |
  Known.ifModifiedSince |
  Known.ifUnmodifiedSince |
  Known.from |
  Known.referer |
  Known.userAgent |
  Known.maxForwards |
  Known.traceparent;

/** Listing one of these as hop-by-hop would have us strip what the upstream decides by (CVE-2026-33805 and its kind). */
const protectedFields =
  /(?:^|[,\s])(?:host|content-length|content-type|authorization|cookie|forwarded|x-forwarded-[a-z-]+|x-real-ip)(?:[,\s]|$)/i;

function checkConnectionOptions(connection: string): void {
  if (connection === "keep-alive" || connection === "close") return;
  if (protectedFields.test(connection)) throw malformed("Connection lists a field that is not hop-by-hop.");
}

function checkLoop(via: string, pseudonym: string): void {
  if (!via.includes(pseudonym)) return;
  const isOurs = (member: string): boolean => member.trim().split(/\s+/)[1] === pseudonym;
  if (via.split(",").some(isOurs)) throw new Failure("loop_detected");
}

/** Only where it counts: other methods than OPTIONS and TRACE carry it without meaning (RFC 9110 §7.6.2). */
function checkMaxForwards(method: string, fields: Fields): void {
  if (method !== "OPTIONS" || /^[0-9]{1,9}$/.test(fields.get("max-forwards") ?? "")) return;
  throw malformed("Max-Forwards is not a number.");
}

function malformed(detail: string, close = false): Failure {
  return new Failure("malformed_request", { detail, close });
}
