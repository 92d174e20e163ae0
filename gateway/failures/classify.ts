import type { FailureCode } from "./codes.ts";
import type { TimerName } from "./failure.ts";

import { ConnectionLost, Failure, TimerExpired } from "./failure.ts";
import { tlsAlertId } from "./tls-alert.ts";

/** The facts that decide what a foreign error means, kept as they happened (see AttemptFacts). */
export interface FailureFacts {
  readonly phase: "accept" | "body" | "queue" | "dns" | "connect" | "tls" | "send" | "headers" | "relay";
  /** Of an attempt: its connection had served before, bytes of the response came, its next byte is the client's. */
  readonly reused?: boolean;
  readonly responseBytes?: number;
  readonly awaitsClient?: boolean;
}

/**
 * Turns whatever was thrown into the one failure it is, by the facts, the phase and the error's code or name, never
 * by its message. What nobody foresaw is `internal`: a bug of the gateway's until somebody gives it a row.
 */
export function classify(thrown: unknown, facts: FailureFacts): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof TimerExpired) return new Failure(timerCode(thrown.timer, facts), { cause: thrown });
  switch (facts.phase) {
    case "dns":
      return new Failure("upstream_dns_error", { cause: thrown });
    case "connect":
      return new Failure(connectCode(errorCode(thrown)), { cause: thrown });
    case "tls":
      return tlsFailure(thrown);
    case "send":
    case "headers":
      return exchangeFailure(thrown, facts);
    case "relay":
      return new Failure(isForeign(thrown) ? "upstream_incomplete" : "internal", { cause: thrown });
    case "accept":
    case "body":
    case "queue":
      return new Failure("internal", { cause: thrown });
  }
}

/** The `code` of an error, or of the first inside an AggregateError (one per address tried); empty for none. */
export function errorCode(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  if ("code" in thrown && typeof thrown.code === "string") return thrown.code;
  return thrown instanceof AggregateError ? errorCode(thrown.errors[0]) : "";
}

/** Whose silence a timer measured: the upstream's is 504, the client's 408, a permit's 503. */
function timerCode(timer: TimerName, facts: FailureFacts): FailureCode {
  switch (timer) {
    case "connect":
      return facts.phase === "dns" ? "upstream_dns_timeout" : "upstream_connect_timeout";
    case "headers":
      return "upstream_headers_timeout";
    case "write":
      return "upstream_write_timeout";
    case "idle":
      return "upstream_body_idle";
    case "queue":
      return "queue_timeout";
    case "body":
    case "reader":
      return "client_timeout";
    case "backoff": // the wait's own end, which nobody throws
    case "continue": // likewise
    case "deadline":
      return deadlineCode(facts);
    case "drain":
      return wasAsked(facts.phase) ? "deadline_exceeded" : "draining";
  }
}

function deadlineCode(facts: FailureFacts): FailureCode {
  if (facts.phase === "queue") return "queue_timeout";
  if (facts.phase === "accept" || facts.phase === "body" || facts.awaitsClient === true) return "client_timeout";
  return "deadline_exceeded";
}

/** The upstream has been sent something of the request, and has not answered. */
function wasAsked(phase: FailureFacts["phase"]): boolean {
  return phase === "send" || phase === "headers";
}

const ownExhaustion = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

/**
 * No byte was sent yet. A machine out of sockets is our own shortage: the upstream was never asked, so not a 502. What
 * node says of our own arguments is a bug, and must not count against a target.
 */
function connectCode(code: string): FailureCode {
  if (code === "ECONNREFUSED" || code === "ECONNRESET") return "upstream_refused";
  if (code === "ETIMEDOUT") return "upstream_connect_timeout";
  if (ownExhaustion.has(code)) return "overloaded";
  return isConnectionLoss(code) ? "upstream_unreachable" : "internal";
}

/** The system's word that a connection is no more: E…, where node's own errors are ERR_…. */
function isConnectionLoss(code: string): boolean {
  return /^E(?!RR_)[A-Z]/.test(code);
}

// OpenSSL's verification results as Node names them; the rest of that family begins with CERT_ or CRL_.
const certificateCodes = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
]);

function tlsFailure(thrown: unknown): Failure {
  const code = errorCode(thrown);
  if (certificateCodes.has(code) || code.startsWith("CERT_") || code.startsWith("CRL_")) {
    return new Failure("upstream_certificate", { cause: thrown });
  }
  const alert = tlsAlertId(code);
  if (alert === undefined) return new Failure("upstream_tls", { cause: thrown });
  return new Failure("upstream_tls", {
    cause: thrown,
    proxyError: "tls_alert_received",
    proxyParameters: { "alert-id": alert },
  });
}

/** The request is on its way and no final response head has been read. */
function exchangeFailure(thrown: unknown, facts: FailureFacts): Failure {
  const code = errorCode(thrown);
  // A TLS 1.3 server may refuse our certificate only after the handshake has ended on our side.
  if (code.startsWith("ERR_SSL_")) return tlsFailure(thrown);
  return new Failure(exchangeCode(thrown, code, facts), { cause: thrown });
}

function exchangeCode(thrown: unknown, code: string, facts: FailureFacts): FailureCode {
  // node's own parser reads the answers to upgrades.
  if (code === "HPE_HEADER_OVERFLOW") return "upstream_headers_too_large";
  if (code.startsWith("HPE_")) return "upstream_protocol_error";
  if (thrown instanceof ConnectionLost || isConnectionLoss(code)) {
    return facts.reused === true && facts.responseBytes === 0 ? "upstream_stale_connection" : "upstream_reset";
  }
  return "internal";
}

/** A fault of the connection or of its parser, as opposed to a programmer's error while relaying. */
function isForeign(thrown: unknown): boolean {
  const code = errorCode(thrown);
  return thrown instanceof ConnectionLost || isConnectionLoss(code) || /^(?:ERR_SSL_|HPE_)/.test(code);
}
