import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureFacts } from "../../gateway/failures/classify.ts";
import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { TimerName } from "../../gateway/failures/failure.ts";

import fc from "fast-check";
import { ConnectionLost, Failure, TimerExpired } from "../../gateway/failures/failure.ts";
import { classify, errorCode } from "../../gateway/failures/classify.ts";

type Phase = FailureFacts["phase"];

const plain: FailureFacts = {
  phase: "headers",
  reused: false,
  responseBytes: 0,
  awaitsClient: false,
};

function coded(code: string, message = "irrelevant"): Error {
  return Object.assign(new Error(message), { code });
}

interface Row {
  readonly phase: Phase;
  readonly codes: readonly string[];
  readonly facts?: Partial<FailureFacts>;
  readonly failure: FailureCode;
}

const certificateCodes = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "CRL_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
];

// The system's codes for a connection that is no more.
const lost = [
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTDOWN",
];

const rows: readonly Row[] = [
  { phase: "dns", codes: ["ENOTFOUND", "EAI_AGAIN", "EAI_NODATA", "ENODATA"], failure: "upstream_dns_error" },
  { phase: "connect", codes: ["ECONNREFUSED", "ECONNRESET"], failure: "upstream_refused" },
  { phase: "connect", codes: ["EHOSTUNREACH", "ENETUNREACH", "EACCES", "EPERM"], failure: "upstream_unreachable" },
  { phase: "connect", codes: ["ETIMEDOUT"], failure: "upstream_connect_timeout" },
  { phase: "connect", codes: ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"], failure: "overloaded" },
  // What node says of our own arguments is no fault of a network's.
  { phase: "connect", codes: ["ERR_INVALID_ARG_TYPE", "ERR_SOCKET_BAD_PORT", ""], failure: "internal" },
  { phase: "tls", codes: certificateCodes, failure: "upstream_certificate" },
  { phase: "tls", codes: ["ECONNRESET", "EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", ""], failure: "upstream_tls" },
  { phase: "send", codes: lost, failure: "upstream_reset" },
  { phase: "headers", codes: lost, failure: "upstream_reset" },
  { phase: "headers", codes: lost, facts: { reused: true }, failure: "upstream_stale_connection" },
  { phase: "headers", codes: lost, facts: { reused: true, responseBytes: 1 }, failure: "upstream_reset" },
  // node's own parser reads the answers to upgrades.
  { phase: "headers", codes: ["HPE_HEADER_OVERFLOW"], failure: "upstream_headers_too_large" },
  {
    phase: "headers",
    codes: ["HPE_INVALID_CONSTANT", "HPE_UNEXPECTED_CONTENT_LENGTH"],
    failure: "upstream_protocol_error",
  },
  { phase: "headers", codes: ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"], failure: "upstream_tls" },
  { phase: "headers", codes: ["ERR_INVALID_ARG_TYPE", "ERR_ASSERTION", ""], failure: "internal" },
  {
    phase: "relay",
    codes: [...lost, "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC", "HPE_INVALID_CHUNK_SIZE"],
    failure: "upstream_incomplete",
  },
  // Node gives codes to programmers' errors too.
  {
    phase: "relay",
    codes: ["ERR_INVALID_ARG_TYPE", "ERR_HTTP_HEADERS_SENT", "ERR_INVALID_STATE", "ERR_ASSERTION", ""],
    failure: "internal",
  },
  { phase: "accept", codes: ["ECONNRESET", "ERR_INVALID_ARG_TYPE", ""], failure: "internal" },
  { phase: "body", codes: ["ECONNRESET", ""], failure: "internal" },
  { phase: "queue", codes: ["ECONNRESET", ""], failure: "internal" },
];

describe("foreign errors, by phase and code", () => {
  for (const { phase, codes, facts, failure } of rows) {
    for (const code of codes) {
      const circumstances = facts === undefined ? "" : ` with ${JSON.stringify(facts)}`;
      test(`${code === "" ? "no code" : code} in ${phase}${circumstances} is ${failure}`, () => {
        const thrown = code === "" ? new TypeError("irrelevant") : coded(code);
        const classified = classify(thrown, { ...plain, ...facts, phase });
        assert.equal(classified.code, failure);
        assert.equal(classified.cause, thrown, "the cause is kept for the log");
      });
    }
  }

  test("a connection that ended before its message was complete is lost, by FIN as by an error", () => {
    for (const thrown of [new ConnectionLost("fin"), new ConnectionLost("error", coded("ECONNRESET"))]) {
      const codeOf = (facts: Partial<FailureFacts>) => classify(thrown, { ...plain, ...facts }).code;
      assert.equal(codeOf({ phase: "send" }), "upstream_reset");
      assert.equal(codeOf({ phase: "headers", reused: true }), "upstream_stale_connection");
      assert.equal(codeOf({ phase: "headers", reused: true, responseBytes: 1 }), "upstream_reset");
      assert.equal(codeOf({ phase: "relay" }), "upstream_incomplete");
      assert.equal(codeOf({ phase: "body" }), "internal");
    }
  });

  test("of an AggregateError the first address tried decides", () => {
    const refused = new AggregateError([coded("ECONNREFUSED"), coded("EHOSTUNREACH")]);
    assert.equal(classify(refused, { ...plain, phase: "connect" }).code, "upstream_refused");
    const node = Object.assign(new AggregateError([coded("ECONNREFUSED")]), { code: "ETIMEDOUT" });
    assert.equal(classify(node, { ...plain, phase: "connect" }).code, "upstream_connect_timeout");
    assert.equal(classify(new AggregateError([]), { ...plain, phase: "connect" }).code, "internal");
  });

  test("what is no Error at all is internal", () => {
    for (const phase of ["accept", "connect", "send", "headers", "relay"] as const) {
      for (const thrown of [undefined, null, "ECONNRESET", { code: "ECONNRESET" }]) {
        assert.equal(classify(thrown, { ...plain, phase }).code, "internal");
      }
    }
  });

  test("a code that is no text is no code", () => {
    assert.equal(errorCode(Object.assign(new Error("irrelevant"), { code: 111 })), "");
  });

  test("a Failure stays the one it is", () => {
    const failure = new Failure("no_route");
    assert.equal(classify(failure, { ...plain, phase: "relay" }), failure);
  });
});

describe("TLS alerts", () => {
  const alerts: ReadonlyArray<readonly [string, number]> = [
    ["ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE", 40],
    ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", 40],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", 70],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", 48],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", 116],
    ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", 112],
  ];

  for (const [code, id] of alerts) {
    test(`${code} is tls_alert_received with alert-id ${id}`, () => {
      const { code: failure, options } = classify(coded(code), { ...plain, phase: "tls" });
      assert.equal(failure, "upstream_tls");
      assert.equal(options.proxyError, "tls_alert_received");
      assert.deepEqual(options.proxyParameters, { "alert-id": id });
    });
  }

  test("an error of our own side names no alert", () => {
    for (const code of [
      "ERR_SSL_WRONG_VERSION_NUMBER",
      "ERR_SSL_TLSV1_NO_SUCH_THING",
      "ERR_SSL_SSLV3_ALERT_NO_SUCH_THING",
    ]) {
      const { options } = classify(coded(code), { ...plain, phase: "tls" });
      assert.equal(options.proxyError, undefined);
      assert.equal(options.proxyParameters, undefined);
    }
  });
});

describe("our own timers, by whom they awaited", () => {
  const timers: ReadonlyArray<readonly [TimerName, Partial<FailureFacts>, FailureCode]> = [
    ["connect", { phase: "dns" }, "upstream_dns_timeout"],
    ["connect", { phase: "connect" }, "upstream_connect_timeout"],
    ["connect", { phase: "tls" }, "upstream_connect_timeout"],
    ["headers", { phase: "headers" }, "upstream_headers_timeout"],
    ["write", { phase: "send" }, "upstream_write_timeout"],
    ["idle", { phase: "relay" }, "upstream_body_idle"],
    ["queue", { phase: "queue" }, "queue_timeout"],
    ["body", { phase: "body" }, "client_timeout"],
    ["body", { phase: "send" }, "client_timeout"],
    ["reader", { phase: "relay" }, "client_timeout"],
    ["deadline", { phase: "accept" }, "client_timeout"],
    ["deadline", { phase: "body" }, "client_timeout"],
    ["deadline", { phase: "queue" }, "queue_timeout"],
    ["deadline", { phase: "dns" }, "deadline_exceeded"],
    ["deadline", { phase: "connect" }, "deadline_exceeded"],
    ["deadline", { phase: "send" }, "deadline_exceeded"],
    ["deadline", { phase: "send", awaitsClient: true }, "client_timeout"],
    ["deadline", { phase: "headers" }, "deadline_exceeded"],
  ];

  for (const [timer, facts, code] of timers) {
    test(`${timer} in ${JSON.stringify(facts)} is ${code}`, () => {
      assert.equal(classify(new TimerExpired(timer), { ...plain, ...facts }).code, code);
    });
  }
});

test("the message of an error never decides", () => {
  const phases = fc.constantFrom<Phase>("accept", "body", "queue", "dns", "connect", "tls", "send", "headers", "relay");
  const codes = fc.constantFrom(
    ...rows.flatMap((row) => row.codes),
    ...certificateCodes,
    "EWHATEVER",
    "ERR_STREAM_DESTROYED",
  );
  const facts = fc.record({
    phase: phases,
    reused: fc.boolean(),
    responseBytes: fc.nat(2),
    awaitsClient: fc.boolean(),
  });
  const messages = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "connect ECONNREFUSED 127.0.0.1:9",
      "socket hang up",
      "other side closed",
      "timeout",
      "alert number 40",
    ),
  );
  fc.assert(
    fc.property(codes, facts, messages, (code, circumstances, message) => {
      const expected = classify(coded(code), circumstances);
      const classified = classify(coded(code, message), circumstances);
      assert.equal(classified.code, expected.code);
      assert.deepEqual(classified.options.proxyParameters, expected.options.proxyParameters);
    }),
  );
});
