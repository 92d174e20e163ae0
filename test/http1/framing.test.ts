import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { chunked, isPersistent, requestFraming, responseFraming, untilClose } from "../../gateway/http1/framing.ts";
import { parseRequestHead } from "../../gateway/http1/request-head.ts";
import { parseResponseHead } from "../../gateway/http1/response-head.ts";

function ofRequest(version: string, ...fields: readonly string[]): unknown {
  const head = parseRequestHead([`POST / HTTP/${version}`, ...fields].join("\r\n"));
  assert.ok(typeof head !== "string");
  return requestFraming(head);
}

function ofResponse(status: number, method: string, ...fields: readonly string[]): unknown {
  const head = parseResponseHead([`HTTP/1.1 ${status} X`, ...fields].join("\r\n"));
  assert.ok(typeof head !== "string");
  return responseFraming(head, method);
}

function persists(version: string, ...fields: readonly string[]): boolean {
  const head = parseRequestHead([`GET / HTTP/${version}`, ...fields].join("\r\n"));
  assert.ok(typeof head !== "string");
  return isPersistent(head.minorVersion, head.fields);
}

describe("the framing of requests", () => {
  test("no framing field, no body", () => {
    assert.equal(ofRequest("1.1"), 0);
    assert.equal(ofRequest("1.0", "Content_Length: 5"), 0);
  });

  test("a length is digits, leading zeros and whitespace around them allowed, up to 2^53-1", () => {
    assert.equal(ofRequest("1.1", "Content-Length: 5"), 5);
    assert.equal(ofRequest("1.0", "content-length:\t0005 "), 5);
    assert.equal(ofRequest("1.1", "Content-Length: 0"), 0);
    assert.equal(ofRequest("1.1", "Content-Length: 9007199254740991"), Number.MAX_SAFE_INTEGER);
    assert.equal(ofRequest("1.1", `Content-Length: ${"0".repeat(5000)}7`), 7);
    assert.equal(ofRequest("1.1", "Content-Length: 9007199254740992"), "content_length_too_large");
    assert.equal(ofRequest("1.1", "Content-Length: 9007199254740993"), "content_length_too_large");
  });

  test("chunked in any case, with any whitespace around it", () => {
    assert.equal(ofRequest("1.1", "Transfer-Encoding: chunked"), chunked);
    assert.equal(ofRequest("1.1", "transfer-encoding:\tChUnKeD\t "), chunked);
  });

  test("Content-Length beside Transfer-Encoding is refused, whatever either says", () => {
    for (const coding of ["chunked", "identity", ""]) {
      for (const length of ["0", "x", ""]) {
        assert.equal(
          ofRequest("1.1", `Transfer-Encoding: ${coding}`, `Content-Length: ${length}`),
          "content_length_and_transfer_encoding",
        );
      }
    }
  });

  test("another coding before chunked is unknown; a list that does not end in chunked has no end", () => {
    assert.equal(ofRequest("1.1", "Transfer-Encoding: gzip ,\t Chunked"), "transfer_coding_unknown");
    assert.equal(ofRequest("1.1", "Transfer-Encoding: gzip, deflate, chunked"), "transfer_coding_unknown");
    assert.equal(ofRequest("1.1", "Transfer-Encoding: chunked, gzip"), "transfer_encoding_not_chunked");
    assert.equal(ofRequest("1.1", "Transfer-Encoding: gzip, chunked, chunked"), "transfer_encoding_repeated");
    assert.equal(ofRequest("1.1", "Transfer-Encoding: gzip,, chunked"), "transfer_encoding_not_chunked");
    assert.equal(ofRequest("1.1", "Transfer-Encoding: gzip,\xa0chunked"), "transfer_encoding_not_chunked");
  });

  test("HTTP/1.0 has no Transfer-Encoding", () => {
    assert.equal(ofRequest("1.0", "Transfer-Encoding: chunked"), "transfer_encoding_in_1_0");
    assert.equal(ofRequest("1.0", "Transfer-Encoding: identity"), "transfer_encoding_in_1_0");
  });
});

describe("the framing of responses", () => {
  test("without a framing field the body ends with the connection", () => {
    assert.equal(ofResponse(200, "GET"), untilClose);
    assert.equal(ofResponse(200, "GET", "Content-Length: 5"), 5);
    assert.equal(ofResponse(500, "POST", "Transfer-Encoding: chunked"), chunked);
  });

  test("no body for HEAD, 1xx, 204 and 304, whatever the fields say", () => {
    for (const fields of [[], ["Content-Length: 5"], ["Transfer-Encoding: chunked"]]) {
      assert.equal(ofResponse(200, "HEAD", ...fields), 0);
      for (const status of [100, 103, 199, 204, 304]) assert.equal(ofResponse(status, "GET", ...fields), 0);
    }
    assert.equal(ofResponse(205, "GET"), untilClose);
  });

  test("faulty framing is refused also where no body follows", () => {
    assert.equal(ofResponse(204, "GET", "Content-Length: x"), "content_length_digits");
    assert.equal(ofResponse(200, "HEAD", "Transfer-Encoding: gzip"), "transfer_encoding_not_chunked");
    assert.equal(ofResponse(304, "GET", "Content-Length: 1", "Content-Length: 1"), "content_length_repeated");
  });
});

describe("persistence", () => {
  test("HTTP/1.1 persists unless close is listed", () => {
    assert.equal(persists("1.1"), true);
    assert.equal(persists("1.1", "Connection: X, Upgrade"), true);
    assert.equal(persists("1.1", "Connection: closed"), true);
    for (const value of ["close", "CLOSE", "keep-alive, close", "close, keep-alive", "x ,\tclose\t,", ",close"]) {
      assert.equal(persists("1.1", `Connection: ${value}`), false, value);
    }
    assert.equal(persists("1.1", "Connection: keep-alive", "Connection: close"), false);
  });

  test("HTTP/1.0 persists only where keep-alive is listed, and close is not", () => {
    assert.equal(persists("1.0"), false);
    assert.equal(persists("1.0", "Connection: X"), false);
    assert.equal(persists("1.0", "Connection: Keep-Alive"), true);
    assert.equal(persists("1.0", "Connection: X, keep-alive"), true);
    assert.equal(persists("1.0", "Connection: keep-alive, close"), false);
  });
});
