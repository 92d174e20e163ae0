import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseRequestHead } from "../../gateway/http1/request-head.ts";
import { parseResponseHead } from "../../gateway/http1/response-head.ts";

function request(text: string): unknown {
  const head = parseRequestHead(text);
  return typeof head === "string" ? head : [head.method, head.target, head.minorVersion, head.fields.list];
}

function response(text: string): unknown {
  const head = parseResponseHead(text);
  return typeof head === "string" ? head : [head.status, head.minorVersion, head.fields.list];
}

describe("parseRequestHead", () => {
  test("reads the request line and the fields", () => {
    assert.deepEqual(request("GET /a?b=%20#c HTTP/1.1\r\nHost: a"), ["GET", "/a?b=%20#c", 1, ["host", "a"]]);
    assert.deepEqual(request("POST / HTTP/1.0"), ["POST", "/", 0, []]);
  });

  test("takes any token for a method", () => {
    for (const method of ["PROPFIND", "get", "M-SEARCH", "!#$%&'*+-.^_`|~09"]) {
      assert.deepEqual(request(`${method} / HTTP/1.1`), [method, "/", 1, []]);
    }
  });

  test("takes every visible character in a path", () => {
    const path = `/${Array.from({ length: 0x7e - 0x20 }, (_, n) => String.fromCharCode(0x21 + n)).join("")}`;
    assert.deepEqual(request(`GET ${path} HTTP/1.1`), ["GET", path, 1, []]);
  });

  test("takes the four forms of a target", () => {
    for (const target of ["*", "http://a", "HTTPS://u@a.example:80?q", "http://[::1]:8080/x y".replace(" ", "")]) {
      assert.deepEqual(request(`OPTIONS ${target} HTTP/1.1`), ["OPTIONS", target, 1, []]);
    }
    for (const target of ["a:80", "[::1]:443"]) {
      assert.deepEqual(request(`CONNECT ${target} HTTP/1.1`), ["CONNECT", target, 1, []]);
    }
  });

  test("refuses authority-form for other methods, other forms for CONNECT, and other schemes", () => {
    for (const line of [
      "GET a:80",
      "CONNECT /",
      "CONNECT *",
      "CONNECT http://a/",
      "CONNECT a",
      "GET ftp://a/",
      "GET a://b",
      "GET http://",
    ]) {
      assert.equal(request(`${line} HTTP/1.1`), "target_form", line);
    }
  });

  test("does not take a space of a later line for one of the first", () => {
    assert.equal(request("GET\r\nX: / HTTP/1.1"), "request_line");
    assert.equal(request("GET /\r\nX: HTTP/1.1"), "version");
    assert.equal(request("GET / HTTP/1.1\r\n"), "no_colon");
    assert.equal(request(""), "request_line");
  });

  test("judges octets before lines", () => {
    assert.equal(request("GET a HTTP/1.1\r\nX: \0"), "control_char");
    assert.equal(request("GET / HTTP/1.1\rX: y"), "bare_cr");
    assert.equal(request("GET / HTTP/1.1\r\nX: \u0100"), "control_char");
    assert.equal(request("GET /\u0100 HTTP/1.1"), "control_char");
  });

  test("gives the same string for a method that it knows, not a slice of the head", () => {
    const head = parseRequestHead("OPTIONS / HTTP/1.1");
    assert.ok(typeof head !== "string" && head.method === "OPTIONS");
  });
});

describe("parseResponseHead", () => {
  test("reads the status line and the fields", () => {
    assert.deepEqual(response("HTTP/1.1 200 OK\r\nA: b"), [200, 1, ["a", "b"]]);
    assert.deepEqual(response("HTTP/1.0 404 Not Found"), [404, 0, []]);
  });

  test("takes every status from 100 to 599, and no other", () => {
    for (let status = 0; status <= 999; status += 1) {
      const text = String(status).padStart(3, "0");
      const expected = status >= 100 && status < 600 ? [status, 1, []] : "status_range";
      assert.deepEqual(response(`HTTP/1.1 ${text} X`), expected);
    }
  });

  test("needs no reason phrase, and drops whatever it holds", () => {
    for (const end of ["", " ", " OK", " \t\xff\x80", " O\0\x01\x1b[31mK\x7f", " x".repeat(500), " HTTP/1.1 200 OK"]) {
      assert.deepEqual(response(`HTTP/1.1 200${end}\r\nA: b`), [200, 1, ["a", "b"]], JSON.stringify(end));
    }
  });

  test("takes no CR or LF in a reason phrase, and no control character behind it", () => {
    assert.equal(response("HTTP/1.1 200 O\nK: v"), "bare_lf");
    assert.equal(response("HTTP/1.1 200 O\rK: v"), "bare_cr");
    assert.equal(response("HTTP/1.1 200 O\x1bK\r\nA: \x1b"), "control_char");
  });

  test("an empty line is no field", () => {
    assert.equal(response("HTTP/1.1 200 OK\r\n"), "no_colon");
  });

  test("the first seven characters are judged before all others", () => {
    assert.equal(response("HTTP/2.0 200\0"), "version");
    assert.equal(response("SSH-2.0\n"), "status_line");
    assert.equal(response(""), "status_line");
    assert.equal(response("HTTP/x\0"), "status_line");
  });
});
