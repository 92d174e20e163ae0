import assert from "node:assert/strict";
import { test } from "node:test";

import { compileTrustedProxies } from "../../gateway/client/client-address.ts";

test("nobody is trusted unless somebody is named", () => {
  const trusts = compileTrustedProxies([]);
  for (const address of ["127.0.0.1", "::1", "10.0.0.1", ""]) assert.equal(trusts(address), false);
});

test("addresses and ranges are trusted, and their neighbours are not", () => {
  const trusts = compileTrustedProxies(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"]);
  for (const address of ["10.0.0.1", "10.255.255.255", "192.0.2.7", "2001:db8:1::1", "::1"]) {
    assert.equal(trusts(address), true, address);
  }
  for (const address of ["11.0.0.1", "192.0.2.8", "2001:db9::1", "::2"]) assert.equal(trusts(address), false, address);
});

test("an address that is none, as of a client that has gone, is not trusted and does no harm", () => {
  const trusts = compileTrustedProxies(["0.0.0.0/0", "::/0"]);
  for (const address of ["", "unknown", "fe80::1%eth0 "]) assert.equal(trusts(address), false, address);
});
