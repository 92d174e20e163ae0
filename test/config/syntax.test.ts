import assert from "node:assert/strict";
import { test } from "node:test";

import type { SyntaxName } from "../../gateway/config/syntax.ts";

import { syntaxes } from "../../gateway/config/syntax.ts";

function accepts(name: SyntaxName, text: string): boolean {
  const { pattern } = syntaxes[name];
  return (pattern === undefined || new RegExp(pattern).test(text)) && syntaxes[name].fault?.(text) === undefined;
}

function tells(name: SyntaxName, good: readonly string[], bad: readonly string[]): void {
  for (const text of good) assert.ok(accepts(name, text), `${name} refuses '${text}'`);
  for (const text of bad) assert.ok(!accepts(name, text), `${name} takes '${text}'`);
}

test("path patterns have whole segments, and a * at the end alone", () => {
  tells(
    "path-pattern",
    [
      "/",
      "/*",
      "/orders",
      "/orders/",
      "/orders/{id}",
      "/a/{b}/c/{d}/*",
      "/café au lait",
      "/a:b",
      "/.well-known/x",
      "/a..b",
    ],
    [
      "",
      "orders",
      "*",
      "/a*",
      "/*/b",
      "/a/**",
      "/a{b}",
      "/{b",
      "/{}",
      "/{a}/{a}",
      "/{1a}",
      "//",
      "/a//b",
      "/./a",
      "/a/..",
      "/a?b",
      "/a#b",
      "/a%20b",
      "/a\\b",
      "/a\nb",
    ],
  );
});

test("prefixes to strip are whole literal segments", () => {
  tells("path-prefix", ["/v1", "/a/b"], ["", "/", "v1", "/v1/", "/{a}", "/v*", "/a//b"]);
});

test("host patterns have no port, and a * as the whole first label alone", () => {
  tells(
    "host-pattern",
    ["localhost", "api.example.com", "*.example.com", "10.0.0.1", "[::1]", "xn--caf-dma.example"],
    [
      "",
      "*",
      "*.",
      "a.*.com",
      "*a.com",
      "a..b",
      "a.b.",
      "-a.com",
      "a b",
      "a:80",
      "[::1]:80",
      "::1",
      "[x]",
      `${"a".repeat(64)}.com`,
    ],
  );
});

test("targets are origins", () => {
  tells(
    "target-url",
    ["http://a", "https://a:8443", "http://127.0.0.1:9001/", "http://[::1]:80"],
    [
      "",
      "a:80",
      "ftp://a",
      "http://",
      "http://a/b",
      "http://a?b",
      "http://a#b",
      "http://u@a",
      "http://a:0",
      "http://a:65536",
      "http:/a",
      "http://a b",
      "http://a\\b",
      "unix:/x",
    ],
  );
});

test("ranges of addresses are addresses with or without a prefix length", () => {
  tells(
    "cidr",
    ["10.0.0.0/8", "10.1.2.3", "::/0", "fd00::/8", "0.0.0.0/0"],
    ["", "10.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/33", "::/129", "a/8", "10.0.0.0/8/8", "10.0.0.0/8x"],
  );
});

test("header rules cover neither hop-by-hop nor framing fields, nor the gateway's own", () => {
  tells(
    "settable-header",
    ["X-Served-By", "server", "Cache-Control"],
    [
      "",
      "a b",
      "a:",
      "é",
      "Connection",
      "TE",
      "transfer-encoding",
      "Content-Length",
      "HOST",
      "Proxy-Status",
      "X-Request-Id",
      "Upgrade",
      "Keep-Alive",
      "Proxy-Connection",
      "Trailer",
      "Via",
      "Expect",
    ],
  );
});

test("header values are one line of visible characters", () => {
  tells(
    "header-value",
    ["", "a b\tc", 'x="y"', "caf\u00e9"],
    [" a", "a ", "a\nb", "a\rb", "a\0", "\u007f", "☃", "a".repeat(8193)],
  );
});

test("methods are those the parser knows, but for the two that are never forwarded", () => {
  tells("method", ["GET", "PATCH", "PROPFIND"], ["", "get", "FOO", "TRACE", "CONNECT"]);
});

test("media types may leave the subtype open", () => {
  tells(
    "media-range",
    ["application/json", "application/*", "application/*+json", "*/*", "image/svg+xml"],
    ["", "json", "a/b/c", "*/json", "a*/b", "a/b*", "application/json; charset=utf-8", "a/*+*"],
  );
});

test("keys are words, or a header's name", () => {
  tells("rate-key", ["ip", "route", "header:X-Api-Key"], ["", "path", "header:", "header:a b", "IP"]);
  tells("hash-key", ["ip", "path", "header:X-Api-Key"], ["route", "header"]);
});

test("names can be labels", () => {
  tells("name", ["a", "orders-v2", "A.b_c", "0"], ["", "-a", "_a", "a b", "__proto__", "a/b", "a".repeat(65)]);
});

test("addresses to listen on, bases, probes and files are told apart from nonsense", () => {
  tells("bind-address", ["0.0.0.0", "::", "localhost"], ["", "a b", "[::]", "127.0.0.1:80"]);
  tells(
    "http-base",
    ["https://errors.example.com/", "http://x/a#"],
    ["", "errors", "ftp://x", "https://u:p@x/", "https://"],
  );
  tells("request-target", ["/", "/healthz?deep=1"], ["", "healthz", "//x", "/a b", "/a#b"]);
  tells("file", ["a.pem", "../x"], ["", "a\0b"]);
});
