import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { FieldPair } from "../support/exchange-under-test.ts";

import { readInbound } from "../../gateway/client/inbound.ts";
import { receivedFields } from "../support/exchange-under-test.ts";

interface Parts {
  readonly method?: string;
  readonly target?: string;
  readonly minorVersion?: 0 | 1;
  readonly host?: string;
  readonly fields?: readonly FieldPair[];
  readonly remoteAddress?: string;
  readonly isSecure?: boolean;
}

function read(parts: Parts = {}, trusts: (address: string) => boolean = () => false) {
  const { method = "GET", target = "/orders", minorVersion = 1, host = "api.test", fields = [] } = parts;
  const { remoteAddress = "192.0.2.1", isSecure = false } = parts;
  const head = { method, target, minorVersion, fields: receivedFields(["Host", host], ...fields) };
  return readInbound(head, { remoteAddress, isSecure }, trusts);
}

describe("the inbound request", () => {
  test("keeps the target byte for byte, split at the first question mark", () => {
    const { target, path, query } = read({ target: "/a%2Fb/%c3%a9?x=1?y=/&&" });
    assert.deepEqual([target, path, query], ["/a%2Fb/%c3%a9?x=1?y=/&&", "/a%2Fb/%c3%a9", "x=1?y=/&&"]);
    assert.deepEqual([read({ target: "/a?" }).path, read({ target: "/a?" }).query], ["/a", ""]);
  });

  test("an absolute target means its own authority, whatever Host says", () => {
    const cases = [
      ["http://other.test/a?b=c", "/a?b=c", "other.test"],
      ["HTTPS://Other.Test:8443/a", "/a", "Other.Test:8443"],
      ["http://other.test", "/", "other.test"],
      ["http://other.test?b=c", "/?b=c", "other.test"],
      ["http:///a", "/a", ""],
    ] as const;
    for (const [asked, target, authority] of cases) {
      const inbound = read({ target: asked });
      assert.deepEqual([inbound.target, inbound.authority], [target, authority], asked);
      assert.equal(inbound.targetLength, asked.length, "its length is that of what was sent");
    }
  });

  test("OPTIONS of a whole server is *, also where a proxy is asked for it", () => {
    assert.equal(read({ method: "OPTIONS", target: "http://other.test" }).target, "*");
    assert.equal(read({ method: "OPTIONS", target: "*" }).target, "*");
  });

  test("other forms are left as they are, for the request checks to judge", () => {
    for (const asked of ["*", "ftp://other.test/", "orders", ""]) {
      const { target, authority } = read({ target: asked });
      assert.deepEqual([target, authority], [asked, "api.test"]);
    }
  });

  test("knows the host in lower case, without port and trailing dot", () => {
    const hosts = [
      ["API.Test", "api.test"],
      ["api.test:8080", "api.test"],
      ["api.test.", "api.test"],
      ["api.test.:8080", "api.test"],
      ["[2001:DB8::1]:8080", "[2001:db8::1]"],
      ["[2001:db8::1]", "[2001:db8::1]"],
      ["", ""],
    ] as const;
    for (const [host, expected] of hosts) assert.equal(read({ host }).host, expected);
  });

  test("asks whether the peer is trusted, and believes X-Forwarded-For of such a one alone", () => {
    const fields: readonly FieldPair[] = [["X-Forwarded-For", "198.51.100.7"]];
    const trusted = read({ fields, remoteAddress: "10.0.0.1" }, (address) => address === "10.0.0.1");
    assert.deepEqual([trusted.isTrusted, trusted.clientAddress], [true, "198.51.100.7"]);
    const stranger = read({ fields });
    assert.deepEqual([stranger.isTrusted, stranger.clientAddress], [false, "192.0.2.1"]);
    assert.equal(trusted.remoteAddress, "10.0.0.1");
  });

  test("tells the version, and whether TLS carried it", () => {
    assert.deepEqual([read().minorVersion, read({ minorVersion: 0 }).minorVersion], [1, 0]);
    assert.deepEqual([read().isSecure, read({ isSecure: true }).isSecure], [false, true]);
  });
});
