import type { IncomingMessage } from "node:http";

import { METHODS } from "node:http";

import type { Exchange } from "../exchange.ts";

import { Failure } from "../failures/failure.ts";

export interface ConductOptions {
  /** Longest request target in bytes. */
  readonly maxTargetLength: number;
  /** This gateway in Via: seeing it means that the request goes round in circles. */
  readonly pseudonym: string;
}

/**
 * Those that Node names. Its parser knows more: RTSP's, whose lines pass for HTTP/1.0 (`DESCRIBE … RTSP/1.0`), Icecast's
 * SOURCE, which may come as ICE/1.0, and PRI of HTTP/2.
 */
const knownMethods = new Set(METHODS.filter((method) => method !== "SOURCE"));

/** Header fields of a request over this are refused. */
const maxHeaderFields = 100;

/**
 * What Node's server lets through and we do not: everything that could be read in two ways by two parsers in a row
 * (RFC 9112 §2.2, §3.2, §6.3).
 *
 * Failures: http_version_unsupported, method_unknown, malformed_request, transfer_coding_unknown, headers_too_large,
 * uri_too_long, loop_detected, expectation_failed.
 */
export function conduct(exchange: Exchange, options: ConductOptions): void {
  const { req, inbound } = exchange;
  if (req.httpVersionMajor !== 1) throw new Failure("http_version_unsupported");
  if (!knownMethods.has(inbound.method)) throw new Failure("method_unknown");
  if (req.rawHeaders.length > 2 * maxHeaderFields) throw new Failure("headers_too_large");
  if ((req.url ?? "").length > options.maxTargetLength) throw new Failure("uri_too_long");
  checkFraming(req);
  checkHost(exchange);
  checkTarget(inbound.method, inbound.target);
  checkSingletons(req.rawHeaders);
  checkConnectionOptions(req.headers.connection);
  checkLoop(req.headers.via, options.pseudonym);
  checkMaxForwards(req);
  const { expect } = req.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") throw new Failure("expectation_failed");
}

/** OPTIONS of the whole server, or one that may go no further (RFC 9110 §7.6.2, §9.3.7). */
export function isForGateway({ inbound, req }: Exchange): boolean {
  return inbound.method === "OPTIONS" && (inbound.target === "*" || Number(req.headers["max-forwards"]) === 0);
}

/** A refused chunked request leaves nobody sure where it ends: the connection closes. */
function checkFraming(req: IncomingMessage): void {
  const coding = req.headers["transfer-encoding"];
  if (coding === undefined) return;
  // Of a request that asks for an upgrade Node's parser takes codings it does not know (`chunked` and a tab) for no body.
  if (req.headers.upgrade !== undefined) throw malformed("Upgrade comes with Transfer-Encoding.", true);
  if (coding === "chunked" && req.httpVersionMinor === 1) return;
  if (req.httpVersionMinor === 0) throw malformed("Transfer-Encoding is not defined for HTTP/1.0.", true);
  const codings = coding.toLowerCase().split(",");
  // RFC 9112 §6.3: without chunked at its end the request has no end that a server could know.
  if (codings.at(-1)?.trim() !== "chunked") throw malformed("Transfer-Encoding does not end in chunked.", true);
  if (codings.length > 1) throw new Failure("transfer_coding_unknown");
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
function checkHost({ req, inbound }: Exchange): void {
  const { host } = req.headers;
  const isValid = host === undefined ? req.httpVersionMinor === 0 : authorityForm.test(host);
  if (!isValid) throw malformed("The Host field is missing or not valid.", true);
  if (host === undefined && inbound.authority === "") return;
  if (!authorityForm.test(inbound.authority)) throw malformed("The request target names no valid host.", true);
}

/** Fields that mean something only once; Node keeps the first of several and says nothing. */
const singletons = new Set([
  "host",
  "content-type",
  "content-length",
  "authorization",
  "proxy-authorization",
  "content-encoding",
  "range",
  "if-range",
  "if-modified-since",
  "if-unmodified-since",
  "from",
  "referer",
  "user-agent",
  "max-forwards",
  "traceparent",
]);

function checkSingletons(rawHeaders: readonly string[]): void {
  let seen = 0;
  const names: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    if (!singletons.has(name)) continue;
    if (seen > 0 && names.includes(name)) throw malformed("A header field that may come once came twice.", true);
    names.push(name);
    seen++;
  }
}

/** Listing one of these as hop-by-hop would have us strip what the upstream decides by (CVE-2026-33805 and its kind). */
const protectedFields =
  /(?:^|[,\s])(?:host|content-length|content-type|authorization|cookie|forwarded|x-forwarded-[a-z-]+|x-real-ip)(?:[,\s]|$)/i;

function checkConnectionOptions(connection: string | undefined): void {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return;
  if (protectedFields.test(connection)) throw malformed("Connection lists a field that is not hop-by-hop.");
}

function checkLoop(via: string | undefined, pseudonym: string): void {
  if (via === undefined || !via.includes(pseudonym)) return;
  const isOurs = (member: string): boolean => member.trim().split(/\s+/)[1] === pseudonym;
  if (via.split(",").some(isOurs)) throw new Failure("loop_detected");
}

/** Only where it counts: other methods than OPTIONS and TRACE carry it without meaning (RFC 9110 §7.6.2). */
function checkMaxForwards(req: IncomingMessage): void {
  const hops = req.headers["max-forwards"];
  if (hops === undefined || req.method !== "OPTIONS" || /^[0-9]{1,9}$/.test(String(hops))) return;
  throw malformed("Max-Forwards is not a number.");
}

function malformed(detail: string, close = false): Failure {
  return new Failure("malformed_request", { detail, close });
}
