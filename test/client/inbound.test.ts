import type { IncomingMessage } from "node:http";

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readInbound } from "../../gateway/client/inbound.ts";

interface Head {
  readonly url?: string;
  readonly host?: string;
  readonly remoteAddress?: string | undefined;
  readonly encrypted?: boolean;
}

function read(head: Head = {}, trusts: (address: string) => boolean = () => false) {
  const { url = "/orders", host = "api.test", encrypted } = head;
  const remoteAddress = "remoteAddress" in head ? head.remoteAddress : "192.0.2.1";
  const req = { method: "GET", url, headers: { host }, socket: { remoteAddress, encrypted } };
  return readInbound(req as unknown as IncomingMessage, trusts);
}

describe("the inbound request", () => {
  test("keeps the target byte for byte, split at the first question mark", () => {
    const { target, path, query } = read({ url: "/a%2Fb/%c3%a9?x=1?y=/&&" });
    assert.deepEqual([target, path, query], ["/a%2Fb/%c3%a9?x=1?y=/&&", "/a%2Fb/%c3%a9", "x=1?y=/&&"]);
    assert.deepEqual([read({ url: "/a?" }).path, read({ url: "/a?" }).query], ["/a", ""]);
  });

  test("an absolute target means its own authority, whatever Host says", () => {
    const cases = [
      ["http://other.test/a?b=c", "/a?b=c", "other.test"],
      ["HTTPS://Other.Test:8443/a", "/a", "Other.Test:8443"],
      ["http://other.test", "/", "other.test"],
      ["http://other.test?b=c", "/?b=c", "other.test"],
      ["http:///a", "/a", ""],
    ] as const;
    for (const [url, target, authority] of cases) {
      const inbound = read({ url });
      assert.deepEqual([inbound.target, inbound.authority], [target, authority], url);
    }
  });

  test("other forms are left as they are, for conduct to judge", () => {
    for (const url of ["*", "ftp://other.test/", "orders", ""]) {
      const { target, authority } = read({ url });
      assert.deepEqual([target, authority], [url, "api.test"]);
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

  test("tells an IPv4 client as one, also on a dual-stack socket", () => {
    assert.equal(read({ remoteAddress: "::ffff:192.0.2.7" }).remoteAddress, "192.0.2.7");
    assert.equal(read({ remoteAddress: "2001:db8::1" }).remoteAddress, "2001:db8::1");
  });

  test("asks whether the peer is trusted by the address told", () => {
    assert.equal(read({ remoteAddress: "::ffff:10.0.0.1" }, (address) => address === "10.0.0.1").isTrusted, true);
    assert.equal(read().isTrusted, false);
  });

  test("of a client that has gone already, there is no address and no trust", () => {
    assert.equal(read({ remoteAddress: undefined }).remoteAddress, "");
  });

  test("knows whether TLS carried it", () => {
    assert.deepEqual([read().isSecure, read({ encrypted: true }).isSecure], [false, true]);
  });
});
