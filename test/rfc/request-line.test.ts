import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FailureCode } from "../../gateway/failures/codes.ts";

import { gatewayName } from "../support/config-file.ts";
import { valueOf, valuesOf } from "../support/http-message.ts";
import { bytes, forwarded, hosted, together, Wire } from "./wire.ts";

interface Refused {
  readonly name: string;
  readonly raw: string;
  readonly code: FailureCode;
  readonly close: boolean;
  readonly method?: string;
}

const get = (target: string, version = "HTTP/1.1"): string => hosted([`GET ${target} ${version}`]);

// oxfmt-ignore
const versions: readonly Refused[] = [
  { name: "HTTP/0.9, as a line of its own", raw: "GET /\r\n\r\n", code: "http_version_unsupported", close: true },
  { name: "HTTP/0.9 by name", raw: get("/", "HTTP/0.9"), code: "http_version_unsupported", close: true },
  { name: "HTTP/2.0 on an HTTP/1 socket", raw: get("/", "HTTP/2.0"), code: "http_version_unsupported", close: true },
  { name: "HTTP/1.2", raw: get("/", "HTTP/1.2"), code: "http_version_unsupported", close: true },
  { name: "HTTP/1", raw: get("/", "HTTP/1"), code: "http_version_unsupported", close: true },
  { name: "the preface of HTTP/2", raw: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", code: "http_version_unsupported", close: true },
  { name: "http in lower case", raw: get("/", "http/1.1"), code: "malformed_request", close: true },
  { name: "a space behind the version", raw: get("/", "HTTP/1.1 "), code: "malformed_request", close: true },
];

// oxfmt-ignore
const methods: readonly Refused[] = [
  { name: "a method nobody knows", raw: hosted(["BREW / HTTP/1.1"]), code: "method_unknown", close: true },
  { name: "a method in lower case", raw: hosted(["get / HTTP/1.1"]), code: "method_unknown", close: true },
  { name: "SOURCE as ICE/1.0", raw: hosted(["SOURCE / ICE/1.0"]), code: "method_unknown", close: true },
  { name: "SOURCE as HTTP/1.1", raw: hosted(["SOURCE / HTTP/1.1"]), code: "method_unknown", close: true },
  { name: "DESCRIBE as RTSP/1.0", raw: hosted(["DESCRIBE rtsp://api.test/ RTSP/1.0"]), code: "method_unknown", close: true },
  { name: "SETUP as HTTP/1.1", raw: hosted(["SETUP / HTTP/1.1"]), code: "method_unknown", close: true },
  { name: "TRACE", raw: hosted(["TRACE / HTTP/1.1"]), code: "method_not_allowed", close: false, method: "TRACE" },
  { name: "CONNECT", raw: bytes(["CONNECT api.test:80 HTTP/1.1", "Host: api.test:80"]), code: "method_not_allowed", close: true },
  { name: "no method at all", raw: "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", code: "malformed_request", close: true },
];

// oxfmt-ignore
const targets: readonly Refused[] = [
  ...["/a#b", "/a?b#c", "/../a", "/a/..", "/a/./b", "/%2e%2e/a", "/a/%2E%2e", "/..;/a", "/a/..;x=1/b", "/.%2e/a", "//a",
    "/a//b", "/a\\b", "/a%5cb", "/a%2fb", "/a%2Fb", "/a%00b", "/a%0d%0ab", "/a%zz", "/a%2", "/a%", "/%c3", "/%ff", "/a%7f",
    "*",
  ].map((target) => ({ name: `the target ${target}`, raw: get(target), code: "malformed_request" as const, close: false })),
  ...["relative", "api.test:80", "ftp://api.test/", "file:///etc/passwd", "rtsp://api.test/", "javascript:alert(1)", "http:///a", "http://me@api.test/", "http://a b/", "https://", "/?a\tb", "/?\xe9", "/\xe9", "/a\x7f", "/a\x01", "/a\0"]
    .map((target) => ({ name: `the target ${JSON.stringify(target)}`, raw: get(target), code: "malformed_request" as const, close: true })),
  { name: "a target over the cap", raw: get(`/${"x".repeat(8192)}`), code: "uri_too_long", close: false },
  { name: "a query over the cap", raw: get(`/?${"x".repeat(8191)}`), code: "uri_too_long", close: false },
  { name: "a target over Node's own cap", raw: get(`/${"x".repeat(30_000)}`), code: "uri_too_long", close: true },
];

// oxfmt-ignore
const hosts: readonly Refused[] = [
  { name: "no Host", raw: bytes(["GET / HTTP/1.1"]), code: "malformed_request", close: true },
  { name: "no Host beside an absolute target", raw: bytes(["GET http://api.test/ HTTP/1.1"]), code: "malformed_request", close: true },
  { name: "an empty Host", raw: bytes(["GET / HTTP/1.1", "Host:"]), code: "malformed_request", close: true },
  { name: "an empty Host in HTTP/1.0", raw: bytes(["GET / HTTP/1.0", "Host:"]), code: "malformed_request", close: true },
  { name: "two Hosts", raw: hosted(["GET / HTTP/1.1", "Host: other.test"]), code: "malformed_request", close: true },
  { name: "two Hosts alike, in different case", raw: hosted(["GET / HTTP/1.1", "HOST: api.test"]), code: "malformed_request", close: true },
  ...["a b", "a/b", "user@a", "a:b", "a:123456", "[::1", "::1", "a,b", "a%2eb", "a#b", "a?b", "http://a", "a\\b", "[zz]", "a:80:80"].map((host) =>
    ({ name: `the Host ${host}`, raw: bytes(["GET / HTTP/1.1", `Host: ${host}`]), code: "malformed_request" as const, close: true })),
  { name: "an invalid Host beside an absolute target", raw: bytes(["GET http://api.test/ HTTP/1.1", "Host: a b"]), code: "malformed_request", close: true },
];

for (const [title, cases] of Object.entries({ versions, methods, targets, hosts })) {
  describe(`${title} that are refused`, together, () => {
    for (const { name, raw, ...expected } of cases) {
      test(`${name}: ${expected.code}${expected.close ? ", and the connection ends" : ""}`, async () => {
        await using wire = await Wire.open();
        const { response } = await wire.refuses(raw, expected);
        if (expected.code !== "method_not_allowed") return;
        assert.match(valueOf(response.fields, "allow") ?? "", /^GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS/);
      });
    }
  });
}

describe("targets that are forwarded byte for byte", together, () => {
  for (const target of ["/caf%c3%a9/%7Euser", "/a?b=%zz&c=%00&d=../..//\\", "/?", "/a;v=1/b..c/...d/.e", "/a?b?c/d"]) {
    test(target, async () => {
      await using wire = await Wire.open();
      await wire.passes(get(target));
      assert.equal(wire.forwarded, forwarded({ line: `GET ${target}` }));
    });
  }

  test("a target at the cap", async () => {
    await using wire = await Wire.open();
    const target = `/${"x".repeat(8191)}`;
    await wire.passes(get(target));
    assert.equal(wire.forwarded, forwarded({ line: `GET ${target}` }));
  });

  test("escaped slashes, where the route allows them: one segment, one parameter, decoded by nobody", async () => {
    await using wire = await Wire.open({ route: { path: "/projects/{name}", encodedSlash: "allow" } });
    await wire.passes(get("/projects/group%2fsub%2Fproject"));
    assert.equal(wire.forwarded, forwarded({ line: "GET /projects/group%2fsub%2Fproject" }));
  });

  for (const target of [
    "/projects/..%2fetc",
    "/projects/a%2f..",
    "/projects/a%2f.%2fb",
    "/projects/a%2f%2e%2e%2fb",
    "/projects/a%5cb",
  ]) {
    test(`${target} is refused even there: who decodes it first reads another path`, async () => {
      await using wire = await Wire.open({ route: { path: "/*", encodedSlash: "allow" } });
      await wire.refuses(get(target), { code: "malformed_request", close: false });
    });
  }
});

describe("absolute targets", together, () => {
  test("mean their own authority, whatever Host says", async () => {
    await using wire = await Wire.open({ route: { hosts: ["target.test"] }, upstream: { host: "preserve" } });
    await wire.passes(get("HTTP://Target.test:81/a?b"));
    const expected = forwarded({ line: "GET /a?b", authority: "Target.test:81" });
    assert.equal(wire.forwarded, expected.replace("host: upstream", "host: Target.test:81"));
  });

  test("without a path mean the root", async () => {
    await using wire = await Wire.open();
    await wire.passes(get("http://api.test?b"));
    assert.equal(wire.forwarded, forwarded({ line: "GET /?b" }));
  });
});

describe("hosts that are understood", together, () => {
  for (const [host, route] of [
    ["API.Test.", "api.test"],
    ["api.test:8080", "api.test"],
    ["[2001:db8::1]:8080", "[2001:db8::1]"],
  ] as const) {
    test(`${host} is ${route}`, async () => {
      await using wire = await Wire.open({ route: { hosts: [route] } });
      await wire.passes(bytes(["GET / HTTP/1.1", `Host: ${host}`]));
      assert.equal(wire.forwarded, forwarded({ line: "GET /", authority: host }));
    });
  }

  test("HTTP/1.0 without Host, where the route names none", async () => {
    await using wire = await Wire.open();
    await wire.passes(bytes(["GET / HTTP/1.0"]));
    assert.equal(wire.forwarded, forwarded({ line: "GET /", via: `1.0 ${gatewayName}`, authority: null }));
    assert.equal(await wire.client.ended, "fin");
  });

  test("HTTP/1.0 without Host is no_route where the route names one", async () => {
    await using wire = await Wire.open({ route: { hosts: ["api.test"] } });
    wire.client.send(bytes(["GET / HTTP/1.0"]));
    await wire.stage.assertFailed(await wire.client.response(), { code: "no_route" });
    assert.equal(wire.upstream.connections.length, 0);
  });
});

describe("methods and OPTIONS", together, () => {
  test("a route that names GET serves HEAD", async () => {
    await using wire = await Wire.open({ route: { methods: ["GET"] } });
    await wire.passes(hosted(["HEAD / HTTP/1.1"]), "HEAD");
    assert.equal(wire.forwarded, forwarded({ line: "HEAD /", connection: "close" }));
  });

  test("a known method that the route does not name is 405 with Allow", async () => {
    await using wire = await Wire.open({ route: { methods: ["GET", "POST"] } });
    wire.client.send(hosted(["DELETE / HTTP/1.1"]));
    const { response } = await wire.stage.assertFailed(await wire.client.response(), {
      code: "method_not_allowed",
      method: "DELETE",
    });
    assert.equal(valueOf(response.fields, "allow"), "GET, HEAD, POST");
    assert.equal(wire.upstream.connections.length, 0);
  });

  for (const [name, lines] of [
    ["OPTIONS *", ["OPTIONS * HTTP/1.1"]],
    ["OPTIONS of an absolute target without a path", ["OPTIONS http://api.test HTTP/1.1"]],
    ["OPTIONS that may go no further", ["OPTIONS /a HTTP/1.1", "Max-Forwards: 0"]],
  ] as const) {
    test(`${name} is answered here, with Allow, and the upstream hears nothing`, async () => {
      await using wire = await Wire.open({ route: { methods: ["GET", "PUT", "OPTIONS"] } });
      wire.client.send(hosted(lines));
      const response = await wire.client.response();
      assert.equal(response.status, 204);
      assert.equal(response.body.length, 0);
      assert.equal(valueOf(response.fields, "allow"), "GET, HEAD, PUT, OPTIONS");
      assert.deepEqual(valuesOf(response.fields, "proxy-status"), [gatewayName]);
      const id = valueOf(response.fields, "x-request-id") ?? "";
      const access = await wire.stage.gateway.log.access(id);
      assert.deepEqual([access["status"], access["code"], access["source"]], [204, "", "gateway"]);
      assert.equal(wire.stage.gateway.log.of("request", id).length, 1);
      assert.equal(wire.upstream.connections.length, 0);
      await wire.passes(get("/next"));
    });
  }

  test("OPTIONS that may go no further, of a path that nothing serves, is no_route", async () => {
    await using wire = await Wire.open({ route: { path: "/a" } });
    wire.client.send(hosted(["OPTIONS /b HTTP/1.1", "Max-Forwards: 0"]));
    await wire.stage.assertFailed(await wire.client.response(), { code: "no_route", method: "OPTIONS" });
  });

  test("Max-Forwards of OPTIONS is counted down, that of others is theirs", async () => {
    await using wire = await Wire.open();
    await wire.passes(hosted(["OPTIONS / HTTP/1.1", "Max-Forwards: 10"]));
    await wire.passes(hosted(["GET / HTTP/1.1", "Max-Forwards: 0"]));
    const options = forwarded({ line: "OPTIONS /", added: ["max-forwards: 9"] });
    assert.equal(wire.forwarded, options + forwarded({ line: "GET /", added: ["max-forwards: 0"] }));
  });

  for (const value of ["-1", "many", "1, 2", ""]) {
    test(`OPTIONS with Max-Forwards "${value}" is refused`, async () => {
      await using wire = await Wire.open();
      await wire.refuses(hosted(["OPTIONS / HTTP/1.1", `Max-Forwards: ${value}`]), {
        code: "malformed_request",
        close: false,
        method: "OPTIONS",
      });
    });
  }

  test("a method override is stripped: the route decided by the method", async () => {
    await using wire = await Wire.open();
    const fields = ["X-HTTP-Method-Override: DELETE", "X-HTTP-Method: DELETE", "X-Method-Override: DELETE"];
    await wire.passes(hosted(["POST / HTTP/1.1", ...fields, "Content-Length: 0"]));
    assert.equal(wire.forwarded, forwarded({ line: "POST /", framing: "content-length: 0" }));
  });
});
