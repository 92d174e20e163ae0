import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureCode } from "../../gateway/failures/codes.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { checkRequest } from "../../gateway/client/request-checks.ts";
import { readInbound } from "../../gateway/client/inbound.ts";
import { wireFailure } from "../../gateway/client/wire-failure.ts";
import { requestFraming } from "../../gateway/http1/framing.ts";
import { parseRequestHead } from "../../gateway/http1/request-head.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

interface Head {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Null sends no Host. */
  readonly host?: string | null;
  readonly fields?: ReadonlyArray<readonly [string, string]>;
}

const options = { maxTargetLength: 64, pseudonym: "edge-1" };

/** The head by all who judge it: the codec, as a connection asks it, and the request checks. */
function check({ method = "GET", target = "/orders", version = "1.1", host = "api.test", fields = [] }: Head): void {
  const all = [...(host === null ? [] : [["Host", host] as const]), ...fields];
  const lines = [`${method} ${target} HTTP/${version}`, ...all.map(([name, value]) => `${name}: ${value}`)];
  const head = parseRequestHead(lines.join("\r\n"));
  if (typeof head === "string") throw wireFailure(head);
  const framing = requestFraming(head);
  if (typeof framing === "string") throw wireFailure(framing);
  const inbound = readInbound(head, { remoteAddress: "192.0.2.1", isSecure: false }, () => false);
  checkRequest(exchangeUnderTest({ inbound }), options);
}

function failureOf(head: Head): Failure {
  try {
    check(head);
  } catch (thrown) {
    assert.ok(thrown instanceof Failure);
    return thrown;
  }
  assert.fail("it should have been refused");
}

const closes = (failure: Failure): boolean => failure.row.close || failure.options.close === true;

interface Refusal extends Head {
  readonly name: string;
  readonly code: FailureCode;
  readonly closes: boolean;
}

const refusals: readonly Refusal[] = [
  { name: "HTTP/2.0 on an HTTP/1 socket", version: "2.0", code: "http_version_unsupported", closes: true },
  { name: "HTTP/0.9", version: "0.9", host: null, code: "http_version_unsupported", closes: true },
  { name: "more than 100 fields", fields: fieldsTimes(100), code: "headers_too_large", closes: true },
  { name: "a target over the cap", target: `/${"a".repeat(64)}`, code: "uri_too_long", closes: false },
  {
    name: "an absolute target over the cap",
    target: `http://api.test/${"a".repeat(60)}`,
    code: "uri_too_long",
    closes: false,
  },
  {
    name: "a transfer coding before chunked",
    fields: [["Transfer-Encoding", "gzip, chunked"]],
    code: "transfer_coding_unknown",
    closes: true,
  },
  {
    name: "a transfer coding other than chunked in the end",
    fields: [["Transfer-Encoding", "chunked, gzip"]],
    code: "malformed_request",
    closes: true,
  },
  { name: "a method of another protocol", method: "DESCRIBE", code: "method_unknown", closes: true },
  { name: "a fragment", target: "/a?b#c", code: "malformed_request", closes: false },
  { name: "* of another method than OPTIONS", target: "*", code: "malformed_request", closes: false },
  {
    name: "OPTIONS with a Max-Forwards that is no number",
    method: "OPTIONS",
    fields: [["Max-Forwards", "x"]],
    code: "malformed_request",
    closes: false,
  },
  {
    name: "Transfer-Encoding on HTTP/1.0",
    version: "1.0",
    fields: [["Transfer-Encoding", "chunked"]],
    code: "malformed_request",
    closes: true,
  },
  { name: "no Host on HTTP/1.1", host: null, code: "malformed_request", closes: true },
  {
    name: "no Host on HTTP/1.1, though the target names one",
    target: "http://api.test/",
    host: null,
    code: "malformed_request",
    closes: true,
  },
  { name: "an empty Host", host: "", code: "malformed_request", closes: true },
  { name: "an empty Host on HTTP/1.0", host: "", version: "1.0", code: "malformed_request", closes: true },
  ...["a b", "a/b", "user@api.test", "api.test:port", "api.test:123456", "[::1", "a,b@c", "api.test#x", "[zz]"].map(
    (host) => ({ name: `the Host ${host}`, host, code: "malformed_request" as const, closes: true }),
  ),
  {
    name: "an invalid Host, though the target names a valid one",
    target: "http://api.test/",
    host: "a b",
    code: "malformed_request",
    closes: true,
  },
  {
    name: "user information in an absolute target",
    target: "http://me@api.test/",
    code: "malformed_request",
    closes: true,
  },
  { name: "two Hosts", fields: [["Host", "other.test"]], code: "malformed_request", closes: true },
  ...["ftp://api.test/", "orders", "?a=b", ""].map((target) => ({
    name: `the target "${target}"`,
    target,
    code: "malformed_request" as const,
    closes: true,
  })),
  ...[
    "Content-Type",
    "Authorization",
    "Range",
    "User-Agent",
    "Content-Encoding",
    "If-Modified-Since",
    "traceparent",
  ].map((name) => ({
    name: `two ${name} fields`,
    fields: [[name, "a"] as const, [name.toUpperCase(), "b"] as const],
    code: "malformed_request" as const,
    closes: true,
  })),
  ...["Host", "content-length", "Content-Type", "authorization", "cookie", "X-Forwarded-For", "x-forwarded-proto"].map(
    (name) => ({
      name: `Connection listing ${name}`,
      fields: [["Connection", `close, ${name}`] as const],
      code: "malformed_request" as const,
      closes: false,
    }),
  ),
  { name: "our own name in Via", fields: [["Via", "1.1 edge-1"]], code: "loop_detected", closes: false },
  {
    name: "our own name among others in Via",
    fields: [["Via", "1.0 fred, 1.1 edge-1 (statuswise), 1.1 p"]],
    code: "loop_detected",
    closes: false,
  },
  {
    name: "an expectation nobody knows",
    fields: [["Expect", "200-maybe"]],
    code: "expectation_failed",
    closes: false,
  },
];

function fieldsTimes(count: number): ReadonlyArray<readonly [string, string]> {
  return Array.from({ length: count }, (_, index) => [`X-${index}`, "1"] as const);
}

describe("what is refused", () => {
  for (const refusal of refusals) {
    test(`${refusal.name} is ${refusal.code}${refusal.closes ? ", and the connection closes" : ""}`, () => {
      const failure = failureOf(refusal);
      assert.equal(failure.code, refusal.code);
      assert.equal(closes(failure), refusal.closes);
    });
  }

  test("a refusal echoes nothing of the request", () => {
    for (const refusal of refusals) {
      const said = JSON.stringify(failureOf(refusal).options);
      for (const value of ["a b", "edge-1", "200-maybe", "aaaa", "other.test", "ftp"]) assert.ok(!said.includes(value));
    }
  });
});

const accepted: ReadonlyArray<Head & { readonly name: string }> = [
  { name: "a plain request" },
  { name: "HTTP/1.0 without Host", version: "1.0", host: null },
  { name: "a Host with a port", host: "api.test:8080" },
  { name: "an IPv6 Host", host: "[2001:db8::1]:8080" },
  { name: "a Host with a trailing dot", host: "api.test." },
  { name: "an absolute target with another Host", target: "http://other.test/", host: "api.test" },
  { name: "OPTIONS *", method: "OPTIONS", target: "*" },
  { name: "100 fields", fields: fieldsTimes(99) },
  { name: "a target at the cap", target: `/${"a".repeat(63)}` },
  { name: "chunked, in any case", fields: [["Transfer-Encoding", "Chunked"]] },
  {
    name: "several fields of a list",
    fields: [
      ["Accept", "a"],
      ["Accept", "b"],
      ["Cookie", "a=1"],
      ["Cookie", "b=2"],
    ],
  },
  {
    name: "one each of the singletons",
    fields: [
      ["Content-Type", "a"],
      ["Authorization", "b"],
      ["Range", "c"],
    ],
  },
  { name: "Connection listing something of the client's own", fields: [["Connection", "keep-alive, X-Trace"]] },
  { name: "a name that only begins like a protected one", fields: [["Connection", "close, Cookie2, X-Host"]] },
  { name: "a Via of others, with our name inside a longer one", fields: [["Via", "1.1 edge-10, 1.1 my-edge-1"]] },
  { name: "Expect: 100-Continue", fields: [["Expect", "100-Continue"]] },
];

describe("what must pass", () => {
  for (const head of accepted) test(head.name, () => check(head));
});
