import type { IncomingMessage } from "node:http";

import type { Exchange } from "../exchange.ts";

import { Failure } from "../failures/failure.ts";

export interface ConductOptions {
  /** Longest request target in bytes. */
  readonly maxTargetLength: number;
  /** This gateway in Via: seeing it means that the request goes round in circles. */
  readonly pseudonym: string;
}

/** Header fields of a request over this are refused. */
const maxHeaderFields = 100;

/**
 * What Node's server lets through and we do not: everything that could be read in two ways by two parsers in a row
 * (RFC 9112 §2.2, §3.2, §6.3).
 *
 * Failures: http_version_unsupported, malformed_request, transfer_coding_unknown, headers_too_large, uri_too_long,
 * loop_detected, expectation_failed.
 */
export function conduct(exchange: Exchange, options: ConductOptions): void {
  const { req, inbound } = exchange;
  if (req.httpVersionMajor !== 1) throw new Failure("http_version_unsupported");
  if (req.rawHeaders.length > 2 * maxHeaderFields) throw new Failure("headers_too_large");
  if ((req.url ?? "").length > options.maxTargetLength) throw new Failure("uri_too_long");
  checkFraming(req);
  checkHost(exchange);
  if (!inbound.target.startsWith("/") && inbound.target !== "*") throw malformed("The request target is not valid.");
  checkSingletons(req.rawHeaders);
  checkConnectionOptions(req.headers.connection);
  checkLoop(req.headers.via, options.pseudonym);
  const { expect } = req.headers;
  if (expect !== undefined && expect.toLowerCase() !== "100-continue") throw new Failure("expectation_failed");
}

/** A refused chunked request leaves nobody sure where it ends: the connection closes. */
function checkFraming(req: IncomingMessage): void {
  const coding = req.headers["transfer-encoding"];
  if (coding === undefined) return;
  if (req.httpVersionMinor === 0) throw malformed("Transfer-Encoding is not defined for HTTP/1.0.", true);
  if (coding.toLowerCase() !== "chunked") throw new Failure("transfer_coding_unknown");
}

const authorityForm = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

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
  /(?:^|[,\s])(?:host|content-length|content-type|authorization|cookie|x-forwarded-[a-z]+)(?:[,\s]|$)/i;

function checkConnectionOptions(connection: string | undefined): void {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return;
  if (protectedFields.test(connection)) throw malformed("Connection lists a field that is not hop-by-hop.");
}

function checkLoop(via: string | undefined, pseudonym: string): void {
  if (via === undefined || !via.includes(pseudonym)) return;
  const isOurs = (member: string): boolean => member.trim().split(/\s+/)[1] === pseudonym;
  if (via.split(",").some(isOurs)) throw new Failure("loop_detected");
}

function malformed(detail: string, close = false): Failure {
  return new Failure("malformed_request", { detail, close });
}
