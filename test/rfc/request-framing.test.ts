import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { answering, responseBytes } from "../support/upstream-scripts.ts";
import { forwarded, hosted, smuggled, together, Wire } from "./wire.ts";

const chunked = "Transfer-Encoding: chunked";
const post = (fields: readonly string[], body = ""): string => hosted(["POST /framed HTTP/1.1", ...fields], body);
const chunks = (body: string): string => post([chunked], body);

// oxfmt-ignore
const doubtful: ReadonlyArray<readonly [name: string, raw: string]> = [
  ["Content-Length beside Transfer-Encoding", post(["Content-Length: 3", chunked], "0\r\n\r\n")],
  ["Transfer-Encoding beside Content-Length", post([chunked, "Content-Length: 0"], "0\r\n\r\n")],
  ["Transfer-Encoding: xchunked", post(["Transfer-Encoding: xchunked"], "0\r\n\r\n")],
  ["Transfer-Encoding: chunked, chunked", post(["Transfer-Encoding: chunked, chunked"], "0\r\n\r\n")],
  ["two lines of chunked", post([chunked, chunked], "0\r\n\r\n")],
  ["a space before the colon of Transfer-Encoding", post(["Transfer-Encoding : chunked"], "0\r\n\r\n")],
  ["a space before the colon of Content-Length", post(["Content-Length : 3"], "abc")],
  ["a tab in Transfer-Encoding", post(["Transfer-Encoding: chu\tnked"], "0\r\n\r\n")],
  ["a transfer coding that is not chunked in the end", post(["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n")],
  ["gzip alone", post(["Transfer-Encoding: gzip"])],
  ["identity", post(["Transfer-Encoding: identity"])],
  ["an empty Transfer-Encoding", post(["Transfer-Encoding:"])],
  ["two Content-Length fields that differ", post(["Content-Length: 3", "Content-Length: 4"], "abc")],
  ["two Content-Length fields alike", post(["Content-Length: 3", "Content-Length: 3"], "abc")],
  ["a list of lengths", post(["Content-Length: 3, 3"], "abc")],
  ...["+3", "-3", "0x3", "3.0", "3 3", "", "99999999999999999999"].map((length) =>
    [`Content-Length: ${JSON.stringify(length)}`, post([`Content-Length: ${length}`], "abc")] as const),
  ["a folded field", post(["X-A: a", " b"])],
  ["a folded first field", "POST / HTTP/1.1\r\n Host: api.test\r\n\r\n"],
  ["a bare LF between fields", "POST / HTTP/1.1\r\nHost: api.test\nX-A: b\r\n\r\n"],
  ["a bare LF behind the request line", "POST / HTTP/1.1\nHost: api.test\r\n\r\n"],
  ["a bare LF at the head's end", "POST / HTTP/1.1\r\nHost: api.test\r\n\n"],
  ["a bare CR in a field", post(["X-A: a\rX-B: b"])],
  ["a bare CR between fields", "POST / HTTP/1.1\r\nHost: api.test\rX-A: b\r\n\r\n"],
  ["a NUL in a value", post(["X-A: a\0b"])],
  ["a NUL in a name", post(["X\0A: b"])],
  ["a control character in a value", post(["X-A: a\x01b"])],
  ["a field without a colon", post(["Nonsense"])],
  ["a field without a name", post([": value"])],
  ["a chunk size with a sign", chunks("+3\r\nabc\r\n0\r\n\r\n")],
  ["a chunk size with 0x", chunks("0x3\r\nabc\r\n0\r\n\r\n")],
  ["a chunk size over 64 bits", chunks("10000000000000003\r\nabc\r\n0\r\n\r\n")],
  ["a space behind a chunk size", chunks("3 \r\nabc\r\n0\r\n\r\n")],
  ["an empty chunk size", chunks("\r\nabc\r\n0\r\n\r\n")],
  ["a bare LF behind a chunk size", chunks("3\nabc\r\n0\r\n\r\n")],
  ["a bare LF in a chunk extension", chunks("3;a=b\nabc\r\n0\r\n\r\n")],
  ["a bare CR in a chunk extension", chunks("3;a\rb\r\nabc\r\n0\r\n\r\n")],
  ["a line break inside a quoted chunk extension", chunks('3;a="\r\nabc\r\n0\r\n\r\n')],
  ["a NUL in a chunk extension", chunks("3;a=\0\r\nabc\r\n0\r\n\r\n")],
  ["a chunk longer than its size", chunks("3\r\nabcd\r\n0\r\n\r\n")],
  ["a chunk without its CRLF", chunks("3\r\nabc0\r\n\r\n")],
  ["a bare LF behind a chunk", chunks("3\r\nabc\n0\r\n\r\n")],
  ["Content-Length in the trailers", chunks("3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\n")],
  ["Transfer-Encoding in the trailers", chunks("3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n")],
  ["a bare LF in the trailers", chunks("0\r\nX-T: v\n\r\n")],
];

describe("framing that could be read in two ways is 400 and the connection's end", together, () => {
  for (const [name, raw] of doubtful) {
    test(name, async () => {
      await using wire = await Wire.open();
      await wire.refuses(raw, { code: "malformed_request", close: true, method: "POST" });
    });
  }

  test("Transfer-Encoding in HTTP/1.0, with keep-alive asked for", async () => {
    await using wire = await Wire.open();
    const raw = hosted(["POST / HTTP/1.0", "Connection: keep-alive", chunked], "0\r\n\r\n");
    await wire.refuses(raw, { code: "malformed_request", close: true, method: "POST" });
  });
});

describe("white space around a framing field's value is none of it (RFC 9112 §5)", together, () => {
  for (const fields of [
    ["Transfer-Encoding: chunked\t"],
    ["Transfer-Encoding:  chunked  "],
    ["Transfer-Encoding: chunked\t", "Connection: Upgrade", "Upgrade: h2c"],
  ]) {
    test(JSON.stringify(fields.join(", ")), async () => {
      await using wire = await Wire.open();
      await wire.passes(post(fields, "0\r\n\r\n"), "POST");
      await wire.passes(post(["Content-Length: 2 \t"], "ab"), "POST");
    });
  }
});

describe("transfer codings", together, () => {
  for (const coding of ["gzip, chunked", "GZIP , Chunked", "identity, chunked"]) {
    test(`${coding} is 501 and the connection's end`, async () => {
      await using wire = await Wire.open();
      const raw = post([`Transfer-Encoding: ${coding}`], "0\r\n\r\n");
      await wire.refuses(raw, { code: "transfer_coding_unknown", close: true, method: "POST" });
    });
  }
});

describe("bodies", together, () => {
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS"]) {
    test(`a chunked ${method} is one request upstream, its body framed anew`, async () => {
      await using wire = await Wire.open();
      const size = smuggled.length.toString(16);
      const connection = method === "HEAD" ? "close" : "keep-alive";
      await wire.passes(hosted([`${method} /a HTTP/1.1`, chunked], `${size}\r\n${smuggled}\r\n0\r\n\r\n`), method);
      const framing = "transfer-encoding: chunked";
      const body = `${size}\r\n${smuggled}\r\n0\r\n\r\n`;
      assert.equal(wire.forwarded, forwarded({ line: `${method} /a`, connection, framing, body }));
    });

    test(`a ${method} with Content-Length is forwarded with its body`, async () => {
      await using wire = await Wire.open();
      await wire.passes(hosted([`${method} /a HTTP/1.1`, `Content-Length: ${smuggled.length}`], smuggled), method);
      const framing = `content-length: ${smuggled.length}`;
      const connection = method === "HEAD" ? "close" : "keep-alive";
      assert.equal(wire.forwarded, forwarded({ line: `${method} /a`, connection, framing, body: smuggled }));
    });
  }

  test("a chunked TRACE is refused, and its body is no request", async () => {
    await using wire = await Wire.open();
    const raw = hosted(["TRACE / HTTP/1.1", chunked], `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
    await wire.refuses(raw, { code: "method_not_allowed", close: true, method: "TRACE" });
  });

  test("chunk extensions and trailers end here, and Trailer with them", async () => {
    await using wire = await Wire.open();
    const body = '3;ext=1;q="a;b"\r\nabc\r\n003\r\ndef\r\n0;last\r\nX-Trailer: v\r\nAuthorization: forged\r\n\r\n';
    await wire.passes(hosted(["POST / HTTP/1.1", "Trailer: X-Trailer", "X-A: b", chunked], body));
    const chunked6 = /transfer-encoding: chunked\r\n\r\n((?:[0-9a-f]+\r\n[a-f]+\r\n)+)0\r\n\r\n$/.exec(wire.forwarded);
    assert.equal((await wire.upstream.request(1)).body.toString(), "abcdef");
    const framing = "transfer-encoding: chunked";
    assert.equal(
      wire.forwarded,
      forwarded({ line: "POST /", fields: ["x-a: b"], framing, body: `${chunked6?.[1]}0\r\n\r\n` }),
    );
  });

  for (const [name, raw] of [
    ["a body shorter than its Content-Length", post(["Content-Length: 10"], "abc")],
    ["a chunked body without its end", chunks("3\r\nabc\r\n")],
  ] as const) {
    test(`${name}, then FIN: the upstream's request is given up, and its breaker does not mind`, async () => {
      const script = answering();
      await using wire = await Wire.open({ upstream: { breaker: { minimumRequests: 1, errorRate: "1%" } } }, script);
      wire.client.send(raw);
      const connection = await wire.upstream.connection(1);
      wire.client.fin();
      await wire.stage.assertFailed(await wire.client.response("POST"), {
        code: "malformed_request",
        close: true,
        method: "POST",
      });
      assert.equal(await wire.client.ended, "fin");
      await connection.ended;
      assert.equal(wire.upstream.requests.length, 0);
      assert.equal((await wire.stage.ask()).status, 200);
      assert.equal((await wire.stage.gateway.upstreams())[0]?.targets[0]?.breaker, "closed");
    });
  }

  test("an answer before the body is read goes out, and neither connection is used again", async () => {
    await using wire = await Wire.open({}, async (connection) => {
      await connection.readHead();
      connection.write(responseBytes("403 Forbidden", "early"));
    });
    wire.client.send(post(["Content-Length: 900000"], "begun"));
    const response = await wire.client.response("POST");
    assert.equal(response.status, 403);
    assert.equal(response.body.toString(), "early");
    assert.deepEqual(
      response.fields.filter(([name]) => name.toLowerCase() === "connection").map(([, value]) => value),
      ["close"],
    );
    assert.equal(await wire.client.ended, "fin", "once the rest has been waited for within bounds");
    await (
      await wire.upstream.connection(1)
    ).ended;
    wire.upstream.become(answering());
    assert.equal((await wire.stage.ask()).status, 200);
    assert.equal(wire.upstream.connections.length, 2, "the next request came on a new connection");
  });
});
