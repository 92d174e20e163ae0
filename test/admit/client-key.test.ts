import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { compileClientKey } from "../../gateway/admit/client-key.ts";
import { addressGroup } from "../../gateway/exchange/address-group.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

function keyOf(by: string, clientAddress: string, ...fields: (readonly [string, string])[]): string {
  return compileClientKey(by)(exchangeUnderTest({ inbound: { clientAddress }, fields }));
}

describe("whom a request counts for", () => {
  test("an IPv4 address counts by itself, an IPv6 one with its network of 64 bits", () => {
    const cases = [
      ["192.0.2.7", "192.0.2.7"],
      ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
      ["2001:db8:1:2::", "2001:db8:1:2"],
      ["2001:db8::1", "2001:db8:0:0"],
      ["2001:0DB8:0001:0002::9", "2001:db8:1:2"],
      ["::1", "0:0:0:0"],
      ["::", "0:0:0:0"],
      ["1::", "1:0:0:0"],
      ["fe80::1%eth0", "fe80:0:0:0"],
      ["64:ff9b::192.0.2.33", "64:ff9b:0:0"],
      ["1:2:3:4:5:6:192.0.2.33", "1:2:3:4"],
    ] as const;
    for (const [address, key] of cases) assert.equal(keyOf("ip", address), key, address);
  });

  test("however an IPv6 address is written, its key is one", () => {
    const group = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), fc.nat(7), fc.nat(8), (groups, from, length) => {
        const zeroed = groups.map((value, index) => (index >= from && index < from + length ? 0 : value));
        const full = zeroed.map((value) => value.toString(16).padStart(4, "0")).join(":");
        const short = new URL(`http://[${full}]/`).hostname.slice(1, -1);
        assert.equal(addressGroup(short), addressGroup(full), short);
      }),
    );
  });

  test("a header's value counts, whatever the header's case, and without one the address", () => {
    const by = "header:X-Api-Key";
    assert.equal(keyOf(by, "192.0.2.7", ["x-api-key", "k1"]), keyOf(by, "192.0.2.8", ["X-API-Key", "k1"]));
    assert.notEqual(keyOf(by, "192.0.2.7", ["x-api-key", "k1"]), keyOf(by, "192.0.2.7", ["x-api-key", "k2"]));
    assert.equal(keyOf(by, "192.0.2.7"), keyOf(by, "192.0.2.7", ["x-api-key", ""]));
    assert.notEqual(keyOf(by, "192.0.2.7"), keyOf(by, "192.0.2.8"));
  });

  test("no value is taken for the address of those who send none", () => {
    const by = "header:x-api-key";
    assert.notEqual(keyOf(by, "192.0.2.7", ["x-api-key", "192.0.2.7"]), keyOf(by, "192.0.2.7"));
  });

  test("keys are bounded, and a long value is not to be had by sending what it becomes", () => {
    const by = "header:x-api-key";
    const long = keyOf(by, "192.0.2.7", ["x-api-key", "k".repeat(10_000)]);
    assert.equal(long.length, 64);
    assert.notEqual(keyOf(by, "192.0.2.7", ["x-api-key", long]), long);
  });

  test("a route's requests count together", () => {
    assert.equal(keyOf("route", "192.0.2.7"), keyOf("route", "192.0.2.8", ["x", "y"]));
  });
});
