/**
 * The failure map: one row per way a request can fail. Nothing else in the code names a status for a failure; the
 * problem body, Proxy-Status, retry and breaker decisions, metric labels, log fields and the docs come from here.
 *
 * - status      the response status (RFC 9110 §15); null where no response can be sent any more
 * - proxyError  the RFC 9209 §2.3 error type; null where there is no response to carry it
 * - details     the RFC 9209 §2.1.5 `details` parameter, fixed text only; null for none
 * - source      who caused it: `client`, `gateway` or `upstream`
 * - retry       what the gateway itself may do: `unsent` needs an attempt of which no byte was sent; `elsewhere` is
 *               unsent and on another target only; `idempotent` any RFC 9110 §9.2.2 method; `stale` once, silently
 * - breaker     what the target's breaker learns: `full-timer` is a failure only if the attempt had its whole timer
 * - again       whether sending the same request again can help a client: `idempotent` only where that is harmless
 * - close       answer with `Connection: close`: the request's framing is in doubt or the connection is at its end
 * - reserved    no producer yet
 */
import type { FailureCode } from "./codes.ts";
import type { Prose } from "./prose.ts";

import { failureCodes } from "./codes.ts";
import { prose } from "./prose.ts";

/** Error types of RFC 9209 §2.3 that the map uses. */
export type ProxyErrorType =
  | "connection_limit_reached"
  | "connection_read_timeout"
  | "connection_refused"
  | "connection_terminated"
  | "connection_timeout"
  | "connection_write_timeout"
  | "destination_ip_prohibited"
  | "destination_ip_unroutable"
  | "destination_unavailable"
  | "dns_error"
  | "dns_timeout"
  | "http_protocol_error"
  | "http_request_denied"
  | "http_request_error"
  | "http_response_body_size"
  | "http_response_header_section_size"
  | "http_response_incomplete"
  | "http_response_timeout"
  | "http_upgrade_failed"
  | "proxy_internal_error"
  | "proxy_internal_response"
  | "proxy_loop_detected"
  | "tls_alert_received"
  | "tls_certificate_error"
  | "tls_protocol_error";

interface Decisions {
  readonly status: number | null;
  readonly proxyError: ProxyErrorType | null;
  readonly details: string | null;
  readonly source: "client" | "gateway" | "upstream";
  readonly retry: "never" | "unsent" | "elsewhere" | "idempotent" | "stale";
  readonly breaker: "fail" | "neutral" | "none" | "full-timer";
  readonly again: "yes" | "idempotent" | "no";
  readonly close: boolean;
  readonly reserved: boolean;
}

export interface FailureRow extends Decisions, Prose {}

// oxfmt-ignore
const decisions: Readonly<Record<FailureCode, Decisions>> = {
  upstream_dns_error:           { status: 502,  proxyError: "dns_error",                         details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_dns_timeout:         { status: 504,  proxyError: "dns_timeout",                       details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_refused:             { status: 502,  proxyError: "connection_refused",                details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_unreachable:         { status: 502,  proxyError: "destination_ip_unroutable",         details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_address_blocked:     { status: 502,  proxyError: "destination_ip_prohibited",         details: null,              source: "gateway",  retry: "never",      breaker: "neutral",    again: "no",         close: false, reserved: true  },
  upstream_connect_timeout:     { status: 504,  proxyError: "connection_timeout",                details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_certificate:         { status: 502,  proxyError: "tls_certificate_error",             details: null,              source: "upstream", retry: "elsewhere",  breaker: "neutral",    again: "no",         close: false, reserved: false },
  upstream_tls:                 { status: 502,  proxyError: "tls_protocol_error",                details: null,              source: "upstream", retry: "unsent",     breaker: "fail",       again: "yes",        close: false, reserved: false },
  upstream_reset:               { status: 502,  proxyError: "connection_terminated",             details: null,              source: "upstream", retry: "idempotent", breaker: "fail",       again: "idempotent", close: false, reserved: false },
  upstream_stale_connection:    { status: 502,  proxyError: "connection_terminated",             details: null,              source: "upstream", retry: "stale",      breaker: "neutral",    again: "idempotent", close: false, reserved: false },
  upstream_headers_timeout:     { status: 504,  proxyError: "connection_read_timeout",           details: null,              source: "upstream", retry: "idempotent", breaker: "fail",       again: "idempotent", close: false, reserved: false },
  upstream_write_timeout:       { status: 504,  proxyError: "connection_write_timeout",          details: null,              source: "upstream", retry: "never",      breaker: "fail",       again: "idempotent", close: false, reserved: false },
  deadline_exceeded:            { status: 504,  proxyError: "http_response_timeout",             details: null,              source: "upstream", retry: "never",      breaker: "full-timer", again: "idempotent", close: false, reserved: false },
  upstream_protocol_error:      { status: 502,  proxyError: "http_protocol_error",               details: null,              source: "upstream", retry: "idempotent", breaker: "fail",       again: "idempotent", close: false, reserved: false },
  upstream_headers_too_large:   { status: 502,  proxyError: "http_response_header_section_size", details: null,              source: "upstream", retry: "never",      breaker: "neutral",    again: "no",         close: false, reserved: false },
  upstream_body_too_large:      { status: 502,  proxyError: "http_response_body_size",           details: null,              source: "upstream", retry: "never",      breaker: "neutral",    again: "no",         close: false, reserved: false },
  upstream_incomplete:          { status: null, proxyError: "http_response_incomplete",          details: null,              source: "upstream", retry: "never",      breaker: "fail",       again: "idempotent", close: true,  reserved: false },
  upstream_body_idle:           { status: null, proxyError: "connection_read_timeout",           details: null,              source: "upstream", retry: "never",      breaker: "fail",       again: "idempotent", close: true,  reserved: false },
  upstream_schema_violation:    { status: 502,  proxyError: "http_protocol_error",               details: "response_schema", source: "upstream", retry: "never",      breaker: "neutral",    again: "no",         close: false, reserved: false },
  upstream_error:               { status: 502,  proxyError: "proxy_internal_response",           details: "replaced",        source: "upstream", retry: "never",      breaker: "neutral",    again: "idempotent", close: false, reserved: false },
  upgrade_invalid:              { status: 502,  proxyError: "http_upgrade_failed",               details: null,              source: "upstream", retry: "never",      breaker: "fail",       again: "idempotent", close: false, reserved: false },
  circuit_open:                 { status: 503,  proxyError: "destination_unavailable",           details: null,              source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  no_healthy_upstream:          { status: 503,  proxyError: "destination_unavailable",           details: null,              source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  concurrency_limited:          { status: 503,  proxyError: "connection_limit_reached",          details: null,              source: "gateway",  retry: "never",      breaker: "neutral",    again: "yes",        close: false, reserved: false },
  queue_timeout:                { status: 503,  proxyError: "connection_limit_reached",          details: "queue_timeout",   source: "gateway",  retry: "never",      breaker: "neutral",    again: "yes",        close: false, reserved: false },
  overloaded:                   { status: 503,  proxyError: "proxy_internal_response",           details: "overload",        source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  maintenance:                  { status: 503,  proxyError: "proxy_internal_response",           details: "maintenance",     source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  draining:                     { status: 503,  proxyError: "proxy_internal_response",           details: "draining",        source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: true,  reserved: false },
  dependency_unavailable:       { status: 503,  proxyError: "proxy_internal_response",           details: "dependency",      source: "gateway",  retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  rate_limited:                 { status: 429,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "yes",        close: false, reserved: false },
  client_closed:                { status: null, proxyError: null,                                details: null,              source: "client",   retry: "never",      breaker: "neutral",    again: "no",         close: true,  reserved: false },
  client_timeout:               { status: 408,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "neutral",    again: "yes",        close: true,  reserved: false },
  body_too_large:               { status: 413,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  malformed_request:            { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  malformed_body:               { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  invalid_body:                 { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  invalid_query:                { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  invalid_path:                 { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  invalid_headers:              { status: 400,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  unsupported_media_type:       { status: 415,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  unsupported_content_encoding: { status: 415,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  unauthenticated:              { status: 401,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: true  },
  forbidden:                    { status: 403,  proxyError: "http_request_denied",               details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: true  },
  no_route:                     { status: 404,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  method_not_allowed:           { status: 405,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  uri_too_long:                 { status: 414,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  headers_too_large:            { status: 431,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: true,  reserved: false },
  expectation_failed:           { status: 417,  proxyError: "http_request_error",                details: null,              source: "client",   retry: "never",      breaker: "none",       again: "no",         close: false, reserved: false },
  method_unknown:               { status: 501,  proxyError: "proxy_internal_response",           details: "method",          source: "client",   retry: "never",      breaker: "none",       again: "no",         close: true,  reserved: false },
  transfer_coding_unknown:      { status: 501,  proxyError: "proxy_internal_response",           details: "transfer_coding", source: "client",   retry: "never",      breaker: "none",       again: "no",         close: true,  reserved: false },
  http_version_unsupported:     { status: 505,  proxyError: "proxy_internal_response",           details: "http_version",    source: "client",   retry: "never",      breaker: "none",       again: "no",         close: true,  reserved: false },
  loop_detected:                { status: 502,  proxyError: "proxy_loop_detected",               details: null,              source: "gateway",  retry: "never",      breaker: "neutral",    again: "no",         close: false, reserved: false },
  internal:                     { status: 500,  proxyError: "proxy_internal_error",              details: null,              source: "gateway",  retry: "never",      breaker: "neutral",    again: "idempotent", close: false, reserved: false },
};

function join(code: FailureCode): [FailureCode, FailureRow] {
  return [code, Object.freeze({ ...decisions[code], ...prose[code] })];
}

/** Every failure by its code. */
export const failureTable = Object.freeze(Object.fromEntries(failureCodes.map(join))) as Readonly<
  Record<FailureCode, FailureRow>
>;
