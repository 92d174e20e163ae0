import assert from "node:assert/strict";

import type { FailureCode } from "../../../gateway/failures/codes.ts";
import type { SingleRoute } from "../../support/config-file.ts";
import type { RequestParts } from "../../support/raw-client.ts";
import type { ExpectedFailure } from "../../support/stage.ts";

import { gatewayName } from "../../support/config-file.ts";
import { valueOf } from "../../support/http-message.ts";
import { answering } from "../../support/upstream-scripts.ts";
import { journey } from "./journey.ts";

interface Refusal {
  readonly code: FailureCode;
  readonly name: string;
  readonly parts?: RequestParts;
  readonly raw?: string;
  readonly front?: Omit<SingleRoute, "target">;
  readonly expected?: Partial<ExpectedFailure>;
  /** Fields the response must carry. */
  readonly fields?: Readonly<Record<string, string>>;
  /** The code of the first cause in the failure line. */
  readonly cause?: string;
  /** Members of `errors`, in order. */
  readonly errors?: ReadonlyArray<Readonly<Record<string, string>>>;
}

const json = [["Content-Type", "application/json"]] as const;
const line = {
  type: "object",
  properties: { sku: { type: "string", minLength: 3 }, quantity: { type: "integer", minimum: 1 } },
  required: ["sku", "quantity"],
};
const order = {
  type: "object",
  properties: { lines: { type: "array", maxItems: 10, items: line }, note: { type: "string" } },
  required: ["lines"],
  additionalProperties: false,
};
/** Each level asks for twice as much work as the one below. */
const tree = {
  anyOf: ["a", "b"].map((kind) => ({ properties: { next: { $ref: "#" }, kind: { const: kind } } })),
};
const schemas = {
  "tree.json": tree,
  "order.json": order,
  "query.json": { type: "object", properties: { limit: { type: "integer", maximum: 100 } } },
  "path.json": { type: "object", properties: { id: { type: "integer" } } },
  "headers.json": { type: "object", properties: { "x-tenant": { type: "string", maxLength: 8 } } },
};
const validated = { schemas, route: { request: { body: { schema: "order.json", maxSize: "1KiB" } } } };
const branching = { schemas, route: { request: { body: { schema: "tree.json" } } } };
const small = { route: { request: { body: { maxSize: "1KiB" } } } };

function post(body: string | Buffer, fields: RequestParts["fields"] = json): RequestParts {
  return { method: "POST", body, fields };
}

const head = (first: string, ...fields: readonly string[]): string =>
  `${[first, "Host: api.test", ...fields].join("\r\n")}\r\n\r\n`;

// oxfmt-ignore
const refusals: readonly Refusal[] = [
  { code: "body_too_large", name: "by its Content-Length, before it is read", front: validated,
    raw: head("POST / HTTP/1.1", "Content-Type: application/json", "Content-Length: 5000"), expected: { method: "POST" } },
  { code: "body_too_large", name: "by counting a chunked body", front: validated, expected: { method: "POST", close: true },
    raw: `${head("POST / HTTP/1.1", "Content-Type: application/json", "Transfer-Encoding: chunked")}800\r\n${" ".repeat(2048)}\r\n` },
  { code: "body_too_large", name: "by its Content-Length, on a route that streams", front: small,
    raw: head("POST / HTTP/1.1", "Content-Length: 5000"), expected: { method: "POST" } },
  { code: "body_too_large", name: "by counting a chunked body while it streams", front: small, expected: { method: "POST", close: true },
    raw: `${head("POST / HTTP/1.1", "Transfer-Encoding: chunked")}800\r\n${" ".repeat(2048)}\r\n` },
  { code: "body_too_large", name: "for the work that its schema asks", front: branching, cause: "schema_work",
    parts: post(`${'{"next":'.repeat(40)}{"kind":""}${',"kind":""}'.repeat(40)}`) },

  { code: "malformed_request", name: "a request line of nonsense", raw: "nonsense\r\n\r\n", expected: { close: true } },
  { code: "malformed_request", name: "both framings", expected: { close: true, method: "POST" },
    raw: `${head("POST / HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked")}0\r\n\r\n` },
  { code: "malformed_request", name: "two Content-Length fields", expected: { close: true, method: "POST" },
    raw: `${head("POST / HTTP/1.1", "Content-Length: 3", "Content-Length: 4")}abcd` },
  { code: "malformed_request", name: "a NUL in a field", raw: head("GET / HTTP/1.1", "X-A: a\x00b"), expected: { close: true } },
  { code: "malformed_request", name: "no Host", raw: "GET / HTTP/1.1\r\n\r\n" },
  { code: "malformed_request", name: "two Host fields", raw: head("GET / HTTP/1.1", "Host: other.test") },

  { code: "malformed_body", name: "no JSON", front: validated, parts: post("{not json") },
  { code: "malformed_body", name: "duplicate keys", front: validated, parts: post('{"lines":[],"lines":[]}') },
  { code: "malformed_body", name: "bytes that are no UTF-8", front: validated, parts: post(Buffer.from('{"lines":"\xff"}', "latin1")) },

  { code: "invalid_body", name: "a pointer to each member", front: validated,
    parts: post('{"lines":[{"sku":"secret-sku","quantity":0},{"quantity":1}],"surplus":"secret-value"}'),
    expected: { secrets: ["secret-sku", "secret-value"] },
    errors: [
      { pointer: "#/surplus", keyword: "additionalProperties" },
      { pointer: "#/lines/0/quantity", keyword: "minimum" },
      { pointer: "#/lines/1/sku", keyword: "required" },
    ] },
  { code: "invalid_body", name: "422 where the route says so", parts: post("{}"), expected: { status: 422 },
    front: { schemas, route: { request: { body: { schema: "order.json" }, invalidStatus: 422 } } },
    errors: [{ pointer: "#/lines", keyword: "required" }] },
  { code: "invalid_query", name: "a parameter over its bound", parts: { target: "/?limit=500" },
    front: { schemas, route: { request: { query: { schema: "query.json" } } } }, expected: { secrets: ["500"] },
    errors: [{ parameter: "limit", keyword: "maximum" }] },
  { code: "invalid_path", name: "a segment of the wrong type", parts: { target: "/orders/abc" },
    front: { schemas, route: { path: "/orders/{id}", request: { path: { schema: "path.json" } } } },
    errors: [{ parameter: "id", keyword: "type" }] },
  { code: "invalid_headers", name: "a field that is too long", parts: { fields: [["X-Tenant", "secret-tenant"]] },
    front: { schemas, route: { request: { headers: { schema: "headers.json" } } } }, expected: { secrets: ["secret-tenant"] },
    errors: [{ parameter: "x-tenant", keyword: "maxLength" }] },

  { code: "unsupported_media_type", name: "another media type than the route's", front: validated,
    parts: post("<a/>", [["Content-Type", "application/xml"]]), fields: { accept: "application/json" } },
  { code: "unsupported_media_type", name: "a body of no media type", front: validated, parts: post("{}", []),
    fields: { accept: "application/json" } },
  { code: "unsupported_content_encoding", name: "a compressed body on a validated route", front: validated,
    parts: post("{}", [...json, ["Content-Encoding", "gzip"]]), fields: { "accept-encoding": "identity" } },

  { code: "no_route", name: "a path that nothing serves", parts: { target: "/elsewhere" }, front: { route: { path: "/orders" } } },
  { code: "no_route", name: "a host that nothing serves", front: { route: { hosts: ["other.test"] } } },
  { code: "method_not_allowed", name: "a method the route does not name", parts: { method: "DELETE" },
    front: { route: { methods: ["GET", "POST"] } }, fields: { allow: "GET, HEAD, POST" } },
  { code: "uri_too_long", name: "a target over the cap", parts: { target: `/${"x".repeat(200)}` }, front: { listen: { maxTargetLength: "128B" } } },
  { code: "headers_too_large", name: "a head over the cap", parts: { fields: [["X-Filler", "x".repeat(5000)]] },
    front: { listen: { maxHeaderSize: "4KiB", maxTargetLength: "1KiB" } }, expected: { close: true } },
  { code: "expectation_failed", name: "an expectation nobody knows", parts: { fields: [["Expect", "cake"]] } },
  { code: "method_unknown", name: "a method nobody knows", raw: head("BREW / HTTP/1.1"), expected: { method: "BREW" } },
  { code: "transfer_coding_unknown", name: "a transfer coding beside chunked", expected: { method: "POST" },
    raw: `${head("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked")}0\r\n\r\n` },
  { code: "http_version_unsupported", name: "HTTP/2.0 on a line of its own", raw: "GET / HTTP/2.0\r\nHost: api.test\r\n\r\n" },
  { code: "loop_detected", name: "our own name in Via", parts: { fields: [["Via", `1.1 ${gatewayName}`]] } },
];

/** None of these reaches the upstream with a complete request. */
export const refusedRequest = refusals.map((refusal) =>
  journey(refusal.code, refusal.name, async (stage) => {
    const upstream = await stage.front(answering(), refusal.front);
    const raw = refusal.raw === undefined ? {} : { raw: refusal.raw };
    const { response, problem, failure } = await stage.fails(
      { code: refusal.code, ...raw, ...refusal.expected },
      refusal.parts,
    );
    for (const [name, value] of Object.entries(refusal.fields ?? {})) {
      assert.equal(valueOf(response.fields, name), value);
    }
    assert.deepEqual(problem.errors?.map(placeAndRule).toSorted(), refusal.errors?.map(placeAndRule).toSorted());
    if (refusal.cause !== undefined) {
      assert.equal((failure["cause"] as Array<{ code?: string }>)[0]?.code, refusal.cause);
    }
    assert.equal(upstream.requests.length, 0, "the upstream saw no complete request");
  }),
);

/** Where, and which rule; the words are free to change. */
function placeAndRule({ pointer, parameter, keyword }: Readonly<Record<string, string>>): string {
  return `${pointer ?? parameter} ${keyword}`;
}
