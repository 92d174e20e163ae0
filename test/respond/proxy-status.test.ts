import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";
import { parseList } from "structured-headers";

import { failureCodes } from "../../gateway/failures/codes.ts";
import { Failure } from "../../gateway/failures/failure.ts";
import { failureTable } from "../../gateway/failures/table.ts";
import { ProxyStatus } from "../../gateway/respond/proxy-status.ts";

const edge = new ProxyStatus("edge-1");

describe("our member of Proxy-Status", () => {
  test("says the upstream's status where the answer is its own", () => {
    assert.equal(edge.received(200), "edge-1;received-status=200");
    assert.equal(edge.received(503), "edge-1;received-status=503");
  });

  test("says the error where the gateway made the answer", () => {
    assert.equal(edge.failed(new Failure("upstream_refused")), "edge-1;error=connection_refused");
    assert.equal(
      edge.failed(new Failure("queue_timeout")),
      'edge-1;error=connection_limit_reached;details="queue_timeout"',
    );
  });

  test("says both where an answer was replaced", () => {
    assert.equal(
      edge.failed(new Failure("upstream_schema_violation", { receivedStatus: 200 })),
      'edge-1;received-status=200;error=http_protocol_error;details="response_schema"',
    );
  });

  test("says status and phrase with http_request_error (RFC 9209 §2.3)", () => {
    assert.equal(
      edge.failed(new Failure("no_route")),
      'edge-1;error=http_request_error;status-code=404;status-phrase="Not Found"',
    );
    assert.match(edge.failed(new Failure("invalid_body", { status: 422 })), /;status-code=422;/);
    assert.match(edge.failed(new Failure("invalid_body")), /;status-code=400;/);
  });

  test("says a refined error with its parameters", () => {
    const failure = new Failure("upstream_tls", {
      proxyError: "tls_alert_received",
      proxyParameters: { "alert-id": 40 },
    });
    assert.equal(edge.failed(failure), "edge-1;error=tls_alert_received;alert-id=40");
    assert.equal(edge.failed(new Failure("upstream_tls")), "edge-1;error=tls_protocol_error");
  });

  test("is a token where the name is one, and a string where it is not", () => {
    assert.equal(new ProxyStatus("edge.example.com:8080").received(200), "edge.example.com:8080;received-status=200");
    assert.equal(new ProxyStatus("1st edge").received(200), '"1st edge";received-status=200');
    assert.equal(new ProxyStatus('a"b\\c').received(200), '"a\\"b\\\\c";received-status=200');
  });

  test("parses as a structured field, for every row", () => {
    for (const code of failureCodes) {
      const [member] = parseList(edge.failed(new Failure(code)));
      assert.equal(String(member?.[0]), "edge-1");
      const error = member?.[1].get("error");
      assert.equal(error === undefined ? null : String(error), failureTable[code].proxyError, code);
    }
  });
});

describe("what proxies before us said", () => {
  const ours = edge.received(200);

  test("is kept, in order, and ours stands last", () => {
    assert.equal(
      edge.after('origin-lb; received-status=200, cdn;next-hop="a b"', ours),
      'origin-lb;received-status=200, cdn;next-hop="a b", edge-1;received-status=200',
    );
  });

  test("is nothing where there was nothing", () => {
    assert.equal(edge.after(undefined, ours), ours);
    assert.equal(edge.after("", ours), ours);
  });

  test("loses a member in our name, as token or as string: it is forged", () => {
    assert.equal(edge.after("edge-1;error=http_request_denied", ours), ours);
    assert.equal(edge.after('"edge-1";error=http_request_denied, cdn', ours), `cdn, ${ours}`);
    assert.equal(edge.after("edge-10, EDGE-1", ours), `edge-10, EDGE-1, ${ours}`);
  });

  test("loses members that are none of RFC 9209's: neither string nor token", () => {
    assert.equal(edge.after("(a b);error=x, cdn, 1, ?1, 2.5", ours), `cdn, ${ours}`);
  });

  test("is dropped whole where it does not parse (RFC 9651 §4.2)", () => {
    for (const field of ["cdn;;", "cdn, ,", '"open', "cdn;A=1", "é"])
      assert.equal(edge.after(field, ours), ours, field);
  });

  // No dates: the parser that checks here wants a space between one and the comma behind it.
  test("never keeps ours from being last and the whole from parsing", () => {
    const text = fc.string({ unit: fc.constantFrom(...'abe-1;=, "()?:%\\*\u00e9d0.'.split("")) });
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.string().map((any) => any.replaceAll("@", "")),
        ),
        (field) => {
          const whole = parseList(edge.after(field, ours));
          assert.equal(String(whole.at(-1)?.[0]), "edge-1");
          assert.equal(whole.filter(([name]) => String(name) === "edge-1").length, 1);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
