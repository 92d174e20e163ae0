import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { unparsedFailure } from "../../gateway/client/unparsed.ts";

interface Parts {
  readonly packet?: string;
  readonly bytesParsed?: number;
  readonly bytesRead?: number;
}

function codeOf(code: string | undefined, parts: Parts = {}): string | undefined {
  const { packet, bytesRead = 100, bytesParsed } = parts;
  const error = Object.assign(new Error("irrelevant"), {
    ...(code === undefined ? {} : { code }),
    ...(packet === undefined ? {} : { rawPacket: Buffer.from(packet, "latin1") }),
    ...(bytesParsed === undefined ? {} : { bytesParsed }),
  });
  return unparsedFailure(error, bytesRead)?.code;
}

describe("bytes that made no request", () => {
  test("a head that does not come is the client's timeout, unless it has sent nothing at all", () => {
    assert.equal(codeOf("ERR_HTTP_REQUEST_TIMEOUT", { bytesRead: 1 }), "client_timeout");
    assert.equal(codeOf("ERR_HTTP_REQUEST_TIMEOUT", { bytesRead: 0 }), undefined);
  });

  test("a method nobody knows on a request line that is one", () => {
    for (const packet of ["BREW /pot HTTP/1.1\r\n", "brew / HTTP/1.0\n", "X-Y-Z * HTTP/1.1\r\n\r\n"]) {
      assert.equal(codeOf("HPE_INVALID_METHOD", { packet }), "method_unknown", packet);
    }
  });

  test("bytes that are no HTTP are malformed, whatever the parser made of them", () => {
    const packets = [
      "\x16\x03\x01\x02\x00\x01",
      "hello\r\n",
      "GET\r\n",
      "BREW  / HTTP/1.1\r\n",
      "BREW / FTP/1.1\r\n",
      "",
    ];
    for (const packet of packets) assert.equal(codeOf("HPE_INVALID_METHOD", { packet }), "malformed_request");
    assert.equal(codeOf("HPE_INVALID_METHOD"), "malformed_request");
  });

  test("a version nobody knows, HTTP/2 among them", () => {
    assert.equal(codeOf("HPE_INVALID_VERSION"), "http_version_unsupported");
    assert.equal(codeOf("HPE_PAUSED_H2_UPGRADE"), "http_version_unsupported");
    assert.equal(
      codeOf("HPE_INVALID_VERSION", { packet: "GET / HTTP/1.2\r\n", bytesParsed: 14 }),
      "http_version_unsupported",
    );
  });

  test("a version that is known, and something else than CRLF behind it, is malformed", () => {
    for (const packet of ["GET / HTTP/1.1\nHost: a", "GET / HTTP/1.0 \r\n"]) {
      assert.equal(codeOf("HPE_INVALID_VERSION", { packet, bytesParsed: 15 }), "malformed_request");
    }
  });

  test("a head over the limit, or a target that alone is over it", () => {
    const target = `GET /${"a".repeat(5000)}`;
    assert.equal(
      codeOf("HPE_HEADER_OVERFLOW", { packet: `${target} HTTP/1.1\r\n`, bytesParsed: 4096 }),
      "uri_too_long",
    );
    const head = `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(5000)}`;
    assert.equal(codeOf("HPE_HEADER_OVERFLOW", { packet: head, bytesParsed: 4096 }), "headers_too_large");
    assert.equal(codeOf("HPE_HEADER_OVERFLOW", { packet: "a".repeat(5000), bytesParsed: 4096 }), "headers_too_large");
    assert.equal(codeOf("HPE_HEADER_OVERFLOW"), "headers_too_large");
  });

  test("anything else that the parser does not take is malformed, and the connection closes", () => {
    for (const code of ["HPE_INVALID_CONTENT_LENGTH", "HPE_UNEXPECTED_CONTENT_LENGTH", "HPE_INVALID_HEADER_TOKEN"]) {
      const failure = unparsedFailure(Object.assign(new Error("irrelevant"), { code }), 100);
      assert.equal(failure?.code, "malformed_request");
      assert.equal(failure?.options.close, true);
    }
  });

  test("a connection that broke has nobody to be told", () => {
    for (const code of ["ECONNRESET", "EPIPE", "ERR_STREAM_WRITE_AFTER_END", undefined]) {
      assert.equal(codeOf(code), undefined);
    }
  });
});
