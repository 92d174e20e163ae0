import assert from "node:assert/strict";
import { test } from "node:test";

import { clientAddress, plainAddress, compileTrustedProxies } from "../../gateway/client/client-address.ts";

const trusts = compileTrustedProxies(["10.0.0.0/8", "fd00::/8"]);

test("the client is the nearest address that no trusted proxy has", () => {
  const cases: ReadonlyArray<readonly [peer: string, field: string | undefined, client: string]> = [
    ["10.0.0.1", undefined, "10.0.0.1"],
    ["10.0.0.1", "192.0.2.7", "192.0.2.7"],
    ["10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"],
    ["10.0.0.1", "198.51.100.9, 192.0.2.7,10.0.0.2 , fd00::1", "192.0.2.7"],
    ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["10.0.0.1", "192.0.2.7:5678", "192.0.2.7"],
    ["10.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"],
    ["10.0.0.1", "2001:db8::1", "2001:db8::1"],
    ["10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"],
  ];
  for (const [peer, field, client] of cases) {
    assert.equal(clientAddress(peer, field, trusts), client, String(field));
  }
});

test("what a stranger claims is not believed", () => {
  assert.equal(clientAddress("192.0.2.7", "203.0.113.1", trusts), "192.0.2.7");
  assert.equal(clientAddress("10.0.0.1", "203.0.113.1, 192.0.2.7", trusts), "192.0.2.7");
});

test("an entry that is no address ends the walk at the proxy that wrote it", () => {
  for (const entry of ["", "unknown", "_hidden", "1.2.3", "192.0.2.7:port", "[::1", ","]) {
    assert.equal(clientAddress("10.0.0.1", `203.0.113.1, ${entry}, 10.0.0.2`, trusts), "10.0.0.2", entry);
  }
});

test("an IPv4 client is told as one, also on a dual-stack socket", () => {
  assert.equal(plainAddress("::ffff:192.0.2.7"), "192.0.2.7");
  assert.equal(plainAddress("::ffff:c000:207"), "::ffff:c000:207");
  assert.equal(plainAddress("2001:db8::1"), "2001:db8::1");
  assert.equal(plainAddress(""), "");
});
