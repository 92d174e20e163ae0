import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";

import * as fc from "fast-check";

import type { Field } from "../support/http-message.ts";
import type { UpstreamScript } from "../support/raw-upstream.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf } from "../support/http-message.ts";
import { assertNoLeak, lastProxyStatus } from "../support/problem-assert.ts";
import { Stage } from "../support/stage.ts";
import { answering, responseBytes } from "../support/upstream-scripts.ts";

const bounded = { timeout: 15_000 };
const json: Field = ["Content-Type", "application/json"];

describe("an upstream's own error", bounded, () => {
  test("is passed on byte for byte, with its Retry-After, where the route says nothing", async () => {
    await using stage = new Stage();
    const said: Record<string, string> = { "/429": "429 Slow down", "/503": "503 Busy", "/500": "500 Oops" };
    await stage.front(
      answering(({ target }) =>
        responseBytes(said[target] ?? "404 No", "their words", [["Retry-After", "Fri, 31 Dec 2999 23:59:59 GMT"]]),
      ),
    );
    for (const [target, status] of Object.entries(said)) {
      const { fields, body, ...head } = await stage.ask({ target });
      assert.equal(String(head.status), status.slice(0, 3));
      assert.equal(body.toString(), "their words");
      assert.equal(valueOf(fields, "retry-after"), "Fri, 31 Dec 2999 23:59:59 GMT");
      const member = lastProxyStatus({ fields }, gatewayName);
      assert.deepEqual([member.get("received-status"), member.get("error")], [head.status, undefined]);
    }
  });

  test("whatever it says, none of it leaves on a route that conceals", async () => {
    await using stage = new Stage();
    let body = "";
    let chunked = false;
    let status = 500;
    const answer = (): string => {
      const fields = `Content-Type: text/plain\r\nX-Powered-By: ${marker}\r\n`;
      if (!chunked) return `HTTP/1.1 ${status} ${marker}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
      const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
      return `HTTP/1.1 ${status} ${marker}\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
    };
    const marker = "xyzzy-inner-7f3a";
    await stage.front(answering(answer), { route: { upstreamErrors: { conceal: true } } });
    const said = fc.record({
      text: fc.string({ unit: "binary", maxLength: 300 }),
      status: fc.integer({ min: 500, max: 599 }),
      chunked: fc.boolean(),
      method: fc.constantFrom("GET", "POST", "DELETE"),
      repeat: fc.constantFrom(1, 1, 1, 500),
    });
    const property = fc.asyncProperty(said, async (it) => {
      body = (marker + Buffer.from(it.text).toString("latin1")).repeat(it.repeat);
      [chunked, status] = [it.chunked, it.status];
      const response = await stage.ask({ method: it.method });
      assert.equal(response.status, it.status);
      assertNoLeak(response, [marker]);
      assert.equal((JSON.parse(response.body.toString()) as { code: string }).code, "upstream_error");
      assert.equal(lastProxyStatus(response, gatewayName).get("received-status"), it.status);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test("below 500 is no error of the upstream's, and stays as it is on a route that conceals", async () => {
    await using stage = new Stage();
    await stage.front(answering(responseBytes("404 No", "no such order")), {
      route: { upstreamErrors: { conceal: true } },
    });
    const { status, body } = await stage.ask();
    assert.deepEqual([status, body.toString()], [404, "no such order"]);
  });
});

describe("a translated answer", bounded, () => {
  const translate = [
    { when: { status: 500, headers: { "X-Reason": "gone" } }, status: 410 },
    { when: { status: 500, body: { "/error/code": "E42", "/error/final": "true" } }, status: 409 },
    { when: { status: 500, body: { "/error/code": "BUSY" } }, status: 503 },
    { when: { status: 502 }, status: 404 },
  ];
  const cases: ReadonlyArray<readonly [name: string, answer: string, status: number]> = [
    ["by its status alone", responseBytes("502 Bad", "body"), 404],
    ["by a field, whatever the case of its name", responseBytes("500 Oops", "body", [["x-REASON", "gone"]]), 410],
    ["not by a field of another value", responseBytes("500 Oops", "body", [["X-Reason", "no"]]), 500],
    ["by members of its body", responseBytes("500 Oops", '{"error":{"code":"E42","final":true}}', [json]), 409],
    [
      "not where one of them is otherwise",
      responseBytes("500 Oops", '{"error":{"code":"E42","final":1}}', [json]),
      500,
    ],
    ["not by a body that is no JSON", responseBytes("500 Oops", '{"error":', [json]), 500],
    ["not by a body that is empty", responseBytes("500 Oops", "", [json]), 500],
    [
      "by a body under gzip",
      responseBytes("500 Oops", gzipSync('{"error":{"code":"BUSY"}}').toString("latin1"), [
        ["Content-Encoding", "gzip"],
      ]),
      503,
    ],
    ["not by a body in an unknown coding", responseBytes("500 Oops", "x", [["Content-Encoding", "x-own"]]), 500],
    ["never where it is no error", responseBytes("200 Fine", '{"error":{"code":"BUSY"}}', [json]), 200],
  ];
  for (const [name, answer, status] of cases) {
    test(`is known ${name}`, async () => {
      await using stage = new Stage();
      const upstream = await stage.front(answering(answer), { route: { upstreamErrors: { translate } } });
      const response = await stage.ask();
      assert.equal(response.status, status);
      assert.equal(
        response.body.toString("latin1"),
        answer.slice(answer.indexOf("\r\n\r\n") + 4),
        "the body is theirs",
      );
      const member = lastProxyStatus(response, gatewayName);
      assert.equal(member.get("received-status"), Number(answer.slice(9, 12)));
      assert.equal(member.get("error"), undefined);
      assert.equal(
        valueOf(response.fields, "retry-after"),
        status === 503 ? "1" : undefined,
        "who says later says when",
      );
      const access = await stage.gateway.log.access(valueOf(response.fields, "x-request-id") ?? "");
      assert.deepEqual([access["status"], access["code"], access["source"]], [status, "", "upstream"]);
      assert.equal((await stage.ask()).status, status);
      assert.equal(upstream.requests.length, 2);
    });
  }
});

describe("a static fallback", bounded, () => {
  const fallback = { body: "sorry.json" };
  const front = { schemas: { "sorry.json": { items: [] } }, route: { upstreamErrors: { fallback } } };

  test("is served in place of a 5xx, and says that it is the gateway's", async () => {
    await using stage = new Stage();
    const upstream = await stage.front(answering(responseBytes("500 Oops", "trace")), front);
    for (const method of ["GET", "HEAD"]) {
      const response = await stage.ask({ method });
      assert.equal(response.status, 200);
      assert.equal(response.body.toString(), method === "HEAD" ? "" : '{"items":[]}');
      assert.equal(valueOf(response.fields, "content-type"), "application/json");
      assert.equal(valueOf(response.fields, "cache-control"), "no-store");
      const member = lastProxyStatus(response, gatewayName);
      assert.deepEqual([member.get("received-status"), String(member.get("error"))], [500, "proxy_internal_response"]);
      const access = await stage.gateway.log.access(valueOf(response.fields, "x-request-id") ?? "");
      assert.deepEqual([access["status"], access["code"], access["source"]], [200, "upstream_error", "gateway"]);
    }
    assert.equal(upstream.connections.length, 1);
    await stage.settle();
  });

  test("is not served to who asked for a change", async () => {
    await using stage = new Stage();
    await stage.front(answering(responseBytes("500 Oops", "trace")), front);
    const { status, body } = await stage.ask({ method: "POST", body: "{}" });
    assert.deepEqual([status, body.toString()], [500, "trace"]);
  });

  test("is served in place of failures of the upstream's, and not of the client's", async () => {
    await using stage = new Stage();
    const resetting: UpstreamScript = async (connection) => {
      await connection.readRequest();
      connection.reset();
    };
    await stage.front(resetting, {
      ...front,
      route: {
        ...front.route,
        request: { query: { schema: "query.json" } },
        upstreamErrors: { fallback: { ...fallback, status: 503 } },
      },
      schemas: { ...front.schemas, "query.json": { type: "object", additionalProperties: false } },
      upstream: { breaker: { minimumRequests: 2 } },
    });
    for (const code of ["upstream_reset", "upstream_reset", "circuit_open"]) {
      const { status, body, fields } = await stage.ask();
      assert.deepEqual([status, body.toString()], [503, '{"items":[]}']);
      assert.ok(Number(valueOf(fields, "retry-after")) >= 1);
      const access = await stage.gateway.log.access(valueOf(fields, "x-request-id") ?? "");
      assert.equal(access["code"], code);
    }
    await stage.fails({ code: "invalid_query" }, { target: "/?a=1" });
  });
});
