import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { ExchangeParts } from "../support/exchange-under-test.ts";

import { byName, compileHeaderRules, requestHeaders, responseFields } from "../../gateway/upstream/headers.ts";
import { exchangeUnderTest, receivedFields } from "../support/exchange-under-test.ts";

type Field = readonly [name: string, value: string];

interface Sent extends ExchangeParts {
  readonly rules?: { readonly set?: Readonly<Record<string, string>>; readonly remove?: readonly string[] };
}

/** The fields that go upstream for a request with these. */
function sent({ rules, ...parts }: Sent = {}): Field[] {
  const exchange = exchangeUnderTest(parts);
  return pairs(
    requestHeaders(exchange, {
      host: "10.0.0.1:9001",
      pseudonym: "edge-1",
      rules: rules === undefined ? undefined : compileHeaderRules({ set: rules.set ?? {}, remove: rules.remove ?? [] }),
      traceparent: "00-trace-span-01",
    }),
  );
}

function pairs(flat: readonly string[]): Field[] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[2 * index] as string,
    flat[2 * index + 1] as string,
  ]);
}

/** All values of a field, in order. */
function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([candidate]) => candidate === name).map(([, value]) => value);
}

const hopByHop = [
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "HTTP2-Settings",
];

describe("the request upstream", () => {
  test("keeps end-to-end fields in their order, repeated ones apart", () => {
    const fields: Field[] = [
      ["Accept", "a"],
      ["X-One", "1"],
      ["accept", "b"],
      ["Range", "bytes=0-1"],
      ["If-None-Match", '"x"'],
    ];
    const expected = fields.map(([name, value]) => [name.toLowerCase(), value]);
    assert.deepEqual(sent({ fields }).slice(1, 6), expected);
  });

  test("carries nothing that ends at this hop", () => {
    const fields = sent({ fields: hopByHop.map((name) => [name, "x"] as const) });
    for (const name of hopByHop) assert.deepEqual(valuesOf(fields, name.toLowerCase()), [], name);
  });

  test("carries nothing that Connection lists, in any case and spacing", () => {
    const fields = sent({
      fields: [
        ["Connection", "close ,X-Hop,  x-other"],
        ["X-HOP", "1"],
        ["X-Other", "2"],
        ["X-Stays", "3"],
      ],
    });
    assert.deepEqual(valuesOf(fields, "x-hop"), []);
    assert.deepEqual(valuesOf(fields, "x-other"), []);
    assert.deepEqual(valuesOf(fields, "x-stays"), ["3"]);
  });

  test("names the target's Host, and lets the client's framing and Expect go", () => {
    const fields = sent({
      fields: [
        ["Host", "api.test"],
        ["Content-Length", "5"],
        ["Expect", "100-continue"],
      ],
    });
    assert.deepEqual(fields[0], ["host", "10.0.0.1:9001"]);
    assert.deepEqual(valuesOf(fields, "host").length, 1);
    for (const name of ["content-length", "expect"]) assert.deepEqual(valuesOf(fields, name), []);
  });

  test("drops names with an underscore, which some upstreams read as a hyphen", () => {
    const fields = sent({
      fields: [
        ["X_Forwarded_For", "6.6.6.6"],
        ["x-real_ip", "6.6.6.6"],
        ["X-Good", "1"],
      ],
    });
    assert.ok(fields.every(([name]) => !name.includes("_")));
    assert.deepEqual(valuesOf(fields, "x-good"), ["1"]);
  });

  test("drops a method override, which would slip past the route's methods", () => {
    const names = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];
    const fields = sent({ fields: names.map((name) => [name, "DELETE"] as const) });
    for (const name of names) assert.deepEqual(valuesOf(fields, name.toLowerCase()), []);
  });

  test("appends itself to Via, with the version it received", () => {
    assert.deepEqual(valuesOf(sent(), "via"), ["1.1 edge-1"]);
    assert.deepEqual(
      valuesOf(
        sent({
          fields: [
            ["Via", "1.1 cdn"],
            ["Via", "2 lb"],
          ],
          inbound: { minorVersion: 0 },
        }),
        "via",
      ),
      ["1.1 cdn, 2 lb, 1.0 edge-1"],
    );
  });

  test("carries the exchange's id and trace in place of the client's", () => {
    const forged: Field[] = [
      ["X-Request-Id", "forged"],
      ["traceparent", "forged"],
      ["tracestate", "forged=1"],
    ];
    const fields = sent({ fields: forged, traceState: "vendor=1" });
    assert.deepEqual(valuesOf(fields, "x-request-id"), ["request-1"]);
    assert.deepEqual(valuesOf(fields, "traceparent"), ["00-trace-span-01"]);
    assert.deepEqual(valuesOf(fields, "tracestate"), ["vendor=1"]);
    assert.deepEqual(valuesOf(sent({ fields: forged }), "tracestate"), []);
  });
});

describe("what a client says of its origin", () => {
  const claims: Field[] = [
    ["X-Forwarded-For", "6.6.6.6"],
    ["X-Forwarded-Proto", "https"],
    ["X-Forwarded-Host", "bank.test"],
    ["X-Forwarded-Port", "443"],
    ["Forwarded", "for=6.6.6.6"],
    ["X-Real-IP", "6.6.6.6"],
  ];

  test("is replaced from the socket", () => {
    const fields = sent({ fields: claims });
    assert.deepEqual(valuesOf(fields, "x-forwarded-for"), ["192.0.2.1"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-proto"), ["http"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-host"), ["api.test"]);
    assert.ok(!JSON.stringify(fields).includes("6.6.6.6"));
    assert.deepEqual(valuesOf(fields, "x-forwarded-port"), []);
  });

  test("is told as https where TLS carried it", () => {
    assert.deepEqual(valuesOf(sent({ inbound: { isSecure: true } }), "x-forwarded-proto"), ["https"]);
  });

  test("is believed of a trusted proxy, whose address is appended", () => {
    const fields = sent({ fields: [...claims, ["X-Forwarded-For", "10.1.1.1"]], inbound: { isTrusted: true } });
    assert.deepEqual(valuesOf(fields, "x-forwarded-for"), ["6.6.6.6, 10.1.1.1, 192.0.2.1"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-proto"), ["https"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-host"), ["bank.test"]);
  });

  test("is made up from the socket where a trusted proxy says nothing", () => {
    const fields = sent({ inbound: { isTrusted: true } });
    assert.deepEqual(valuesOf(fields, "x-forwarded-for"), ["192.0.2.1"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-proto"), ["http"]);
    assert.deepEqual(valuesOf(fields, "x-forwarded-host"), ["api.test"]);
  });

  test("names no host where an HTTP/1.0 request named none", () => {
    assert.deepEqual(valuesOf(sent({ inbound: { authority: "", host: "" } }), "x-forwarded-host"), []);
  });
});

describe("a route's rules for the request", () => {
  test("remove what they name, and set in place of what came", () => {
    const fields = sent({
      fields: [
        ["X-Debug", "1"],
        ["X-Tenant", "forged"],
        ["Cookie", "a=1"],
      ],
      rules: { set: { "X-Tenant": "orders" }, remove: ["X-DEBUG"] },
    });
    assert.deepEqual(valuesOf(fields, "x-debug"), []);
    assert.deepEqual(valuesOf(fields, "x-tenant"), ["orders"]);
    assert.deepEqual(valuesOf(fields, "cookie"), ["a=1"]);
  });

  test("that say nothing cost nothing", () => {
    assert.equal(compileHeaderRules({ set: {}, remove: [] }), undefined);
  });
});

describe("the answer's fields", () => {
  test("keep repeated ones apart and in order, Set-Cookie above all", () => {
    const fields: Field[] = [
      ["x-a", "1"],
      ["set-cookie", "a=1; Path=/"],
      ["warning", "1"],
      ["set-cookie", "b=2, c=3"],
      ["warning", "2"],
    ];
    assert.deepEqual(pairs(responseFields(receivedFields(...fields))), fields);
  });

  test("carry nothing that ends at this hop, nor what Connection lists, nor what we say ourselves", () => {
    const fields = receivedFields(
      ...hopByHop.map((name) => [name, "x"] as const),
      ["Proxy-Authentication-Info", "x"],
      ["Connection", "close, X-Hop"],
      ["Connection", "x-other"],
      ["X-Hop", "1"],
      ["X-Other", "2"],
      ["Proxy-Status", "edge-1;error=x"],
      ["X-Request-Id", "theirs"],
      ["ETag", '"1"'],
    );
    assert.deepEqual(responseFields(fields), ["etag", '"1"']);
  });

  test("are told to node's client by name, several of one name as a list", () => {
    const fields = byName(["X-A", "1", "set-cookie", "a=1", "Set-Cookie", "b=2", "__proto__", "x"]);
    assert.deepEqual(Object.entries(fields), [
      ["x-a", "1"],
      ["set-cookie", ["a=1", "b=2"]],
      ["__proto__", "x"],
    ]);
  });
});

test("whatever a client sends, no hop-by-hop field, no underscore and no second copy of ours goes upstream", () => {
  const ours = ["host", "via", "x-forwarded-for", "x-forwarded-proto", "x-request-id", "traceparent"];
  const names = fc.oneof(
    fc.constantFrom(...hopByHop, ...ours, "X-Real-IP", "Forwarded", "X_Y", "X-Hop", "Accept", "Content-Length"),
    fc.stringMatching(/^[A-Za-z_-]{1,12}$/),
  );
  const values = fc.stringMatching(/^[a-z, -]{0,20}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(names, values), { maxLength: 20 }), fc.boolean(), (fields, isTrusted) => {
      const out = sent({ fields, inbound: { isTrusted } });
      const listed = fields
        .filter(([name]) => name.toLowerCase() === "connection")
        .flatMap(([, value]) => value.split(","));
      for (const [name] of out) {
        assert.equal(name, name.toLowerCase());
        assert.ok(!name.includes("_"), name);
        assert.ok(!hopByHop.some((hop) => hop.toLowerCase() === name), name);
        assert.ok(ours.includes(name) || !listed.some((option) => option.trim().toLowerCase() === name), name);
      }
      for (const name of ours) assert.equal(valuesOf(out, name).length, 1, name);
    }),
    { numRuns: 500 },
  );
});
