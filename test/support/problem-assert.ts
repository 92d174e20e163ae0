import assert from "node:assert/strict";
import { STATUS_CODES } from "node:http";
import { isInnerList, parseList } from "structured-headers";

import type { FailureCode } from "../../gateway/failures/codes.ts";
import type { FailureRow } from "../../gateway/failures/table.ts";
import type { ReceivedResponse } from "./http-message.ts";

import { failureTable } from "../../gateway/failures/table.ts";
import { valueOf, valuesOf } from "./http-message.ts";

/** What the caller knows about a failure beside its row. */
export interface FailureExpectation {
  /** The gateway's `name`, as Proxy-Status carries it. */
  readonly name: string;
  /** The method asked with; HEAD has no body. Default GET. */
  readonly method?: string;
  /** Where a route chose it (422). Default: the row's. */
  readonly status?: number;
  /** Where the failure refined it. Default: the row's. */
  readonly proxyError?: string;
  /** `received-status`, where the gateway replaced an upstream's answer. */
  readonly receivedStatus?: number;
  /** Least Retry-After in seconds. Default 1 where the status demands the field. */
  readonly retryAfterAtLeast?: number;
  /** Strings that must not be seen by a client: addresses, paths, header values, bodies. */
  readonly secrets?: readonly string[];
  /** `problems.base` of the config; absent for none. */
  readonly problemsBase?: string;
  /** The connection is at its end whatever the row says. */
  readonly close?: boolean;
}

export interface Problem {
  readonly requestId: string;
  readonly traceId: string;
  readonly errors?: ReadonlyArray<Readonly<Record<string, string>>>;
}

const members = new Set("type title status detail code requestId traceId retryable retryAfter errors".split(" "));
const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
/** What no client may see in any failure: code, paths, stacks and addresses of the inner side. */
const leaks = [
  /\n\s+at /,
  /\.[cm]?[jt]s\b/,
  /node_modules/,
  /node:/,
  /127\.0\.0\.1/,
  /\bE[A-Z]{4,}\b/,
  /UND_ERR/,
  /undici/i,
];

/** Asserts one gateway-made failure response whole: head, body, Proxy-Status, Retry-After and absence of leaks. */
export function assertProblem(code: FailureCode, response: ReceivedResponse, expected: FailureExpectation): Problem {
  const row = failureTable[code];
  const status = expected.status ?? row.status;
  assert.equal(response.status, status, `status of ${code}; body: ${response.body.toString()}`);
  assert.equal(response.isComplete, true, "the failure's response is whole");
  assert.equal(response.reason, STATUS_CODES[response.status]);
  assert.equal(valueOf(response.fields, "cache-control"), "no-store");
  assert.equal(valueOf(response.fields, "content-type"), "application/problem+json");
  if (expected.close === true || row.close) assert.equal(valueOf(response.fields, "connection"), "close");
  assertProxyStatus(row, response, expected);
  const retryAfter = assertRetryAfter(response, expected);
  assertNoLeak(response, expected.secrets ?? []);
  const requestId = valueOf(response.fields, "x-request-id");
  assert.match(requestId ?? "", /^[A-Za-z0-9._-]{1,128}$/);
  if (expected.method === "HEAD") {
    assert.equal(response.body.length, 0, "HEAD has no body");
    return { requestId: requestId ?? "", traceId: "" };
  }
  return assertBody(code, response, { ...expected, retryAfter, requestId: requestId ?? "" });
}

type BodyExpectation = FailureExpectation & { readonly retryAfter: number | undefined; readonly requestId: string };

function assertBody(code: FailureCode, response: ReceivedResponse, expected: BodyExpectation): Problem {
  const row = failureTable[code];
  const body = JSON.parse(response.body.toString()) as Record<string, unknown>;
  for (const member of Object.keys(body)) assert.ok(members.has(member), `unknown member ${member}`);
  assert.equal(body["type"], expected.problemsBase === undefined ? "about:blank" : expected.problemsBase + code);
  assert.equal(body["title"], row.title);
  assert.equal(body["status"], response.status);
  assert.equal(body["code"], code);
  assert.equal(body["requestId"], expected.requestId);
  assert.match(String(body["traceId"]), /^(?!0{32})[0-9a-f]{32}$/);
  assert.ok(typeof body["detail"] === "string" && body["detail"] !== "", "a detail");
  assert.equal(body["retryAfter"], expected.retryAfter);
  const mayRepeat = row.again === "yes" || (row.again === "idempotent" && idempotent.has(expected.method ?? "GET"));
  assert.equal(body["retryable"], mayRepeat, "retryable");
  return body as unknown as Problem;
}

/** Ours stands last and says what the row says (RFC 9209 §2). */
function assertProxyStatus(row: FailureRow, response: ReceivedResponse, expected: FailureExpectation): void {
  const parameters = lastProxyStatus(response, expected.name);
  const proxyError = expected.proxyError ?? row.proxyError;
  assert.equal(String(parameters.get("error")), proxyError);
  assert.equal(parameters.get("received-status"), expected.receivedStatus);
  if (row.details !== null) assert.equal(parameters.get("details"), row.details);
  if (proxyError === "http_request_error") {
    assert.equal(parameters.get("status-code"), response.status);
    assert.equal(parameters.get("status-phrase"), STATUS_CODES[response.status]);
  }
}

/** The parameters of the last member of Proxy-Status, which must be ours. */
export function lastProxyStatus(response: Pick<ReceivedResponse, "fields">, name: string): Map<string, unknown> {
  const list = parseList(valuesOf(response.fields, "proxy-status").join(", "));
  const last = list.at(-1);
  assert.ok(last !== undefined && !isInnerList(last), "a Proxy-Status member");
  assert.equal(String(last[0]), name, "the last Proxy-Status member is ours");
  return last[1];
}

function assertRetryAfter(response: ReceivedResponse, expected: FailureExpectation): number | undefined {
  const value = valueOf(response.fields, "retry-after");
  const isDemanded = response.status === 503 || response.status === 429;
  if (!isDemanded && value === undefined) return undefined;
  assert.match(value ?? "none", /^[1-9][0-9]*$/, "Retry-After in whole seconds");
  assert.ok(Number(value) >= (expected.retryAfterAtLeast ?? 1), `Retry-After ${value} is less than the known wait`);
  return Number(value);
}

/** Nothing of the inner side is in the head or the body. */
export function assertNoLeak(response: ReceivedResponse, secrets: readonly string[]): void {
  const whole = response.fields.map(([name, value]) => `${name}: ${value}`).join("\n") + response.body.toString();
  // Random ids in hex may hold any short number.
  const said = whole.replaceAll(/[0-9a-f]{16,}/g, "");
  for (const leak of leaks) assert.doesNotMatch(said, leak);
  for (const secret of secrets) assert.ok(!said.includes(secret), `leaks ${secret}`);
}
