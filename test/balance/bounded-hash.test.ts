import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Exchange, Target } from "../../gateway/exchange/exchange.ts";

import fc from "fast-check";
import { compileHashKey, BoundedHash } from "../../gateway/balance/policy/bounded-hash.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

interface FakeTarget extends Target {
  weight: number;
  inFlight: number;
}

const target = (label: string, weight = 1): FakeTarget => ({ label, weight, inFlight: 0 });

const keyed = (key: string): Exchange => exchangeUnderTest({ inbound: { path: key } });

const keys = Array.from({ length: 4000 }, (_, n) => `/orders/${n}`);

function policy(): BoundedHash<FakeTarget> {
  return new BoundedHash(compileHashKey("path"), { choose: () => assert.fail("every request has a key") });
}

function owners(targets: readonly FakeTarget[], by = policy()): readonly string[] {
  return keys.map((key) => by.choose(targets, keyed(key)).label);
}

function shareOf(label: string, labels: readonly string[]): number {
  return labels.filter((one) => one === label).length / labels.length;
}

const moved = (before: readonly string[], after: readonly string[]): number[] =>
  before.flatMap((owner, n) => (owner === after[n] ? [] : [n]));

describe("hashing", () => {
  test("leads a key to the same target each time, in every process, in whatever order they are listed", () => {
    const targets = ["a", "b", "c", "d"].map((label) => target(label));
    const first = owners(targets);
    assert.deepEqual(owners(targets), first);
    assert.deepEqual(owners(targets.toReversed()), first);
  });

  test("shares the keys by weight", () => {
    const labels = owners([target("10.0.0.1:80", 1), target("10.0.0.2:80", 3), target("10.0.0.3:80", 6)]);
    for (const [label, share] of [
      ["10.0.0.1:80", 0.1],
      ["10.0.0.2:80", 0.3],
      ["10.0.0.3:80", 0.6],
    ] as const) {
      assert.ok(Math.abs(shareOf(label, labels) - share) < 0.02, `${label}: ${shareOf(label, labels)}`);
    }
  });

  test("moves only the keys of a target that is gone, and brings them back with it", () => {
    const targets = ["a:1", "b:1", "c:1", "d:1"].map((label) => target(label));
    const by = policy();
    const before = owners(targets, by);
    const without = owners(
      targets.filter(({ label }) => label !== "b:1"),
      by,
    );
    for (const n of moved(before, without)) assert.equal(before[n], "b:1");
    for (const label of ["a:1", "c:1", "d:1"]) {
      const taken = moved(before, without).filter((n) => without[n] === label).length / keys.length;
      assert.ok(taken > 0.05, `${label} takes its part of them: ${taken}`);
    }
    assert.deepEqual(owners(targets, by), before);
  });

  test("gives a target that returns slowly its own keys little by little", () => {
    const targets = ["a:1", "b:1", "c:1"].map((label) => target(label));
    const whole = owners(targets);
    const [slow] = targets as [FakeTarget];
    slow.weight = 0.1;
    const little = owners(targets);
    slow.weight = 0.5;
    const half = owners(targets);
    assert.ok(shareOf("a:1", little) > 0.02 && shareOf("a:1", little) < 0.08, String(shareOf("a:1", little)));
    for (const [n, label] of little.entries()) if (label === "a:1") assert.equal(half[n], "a:1");
    for (const [n, label] of half.entries()) if (label === "a:1") assert.equal(whole[n], "a:1");
  });

  test("takes no target more than a quarter above its fair share of what is under way, whatever the keys", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 300 }),
        (weights, asked) => {
          const targets = weights.map((weight, n) => target(String(n), weight));
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const by = policy();
          for (const [n, key] of asked.entries()) {
            const chosen = by.choose(targets, keyed(String(key)));
            assert.ok(++chosen.inFlight <= Math.ceil((1.25 * (n + 1) * chosen.weight) / total));
          }
        },
      ),
    );
  });

  test("leaves a request without its key to the other policy", () => {
    const [a, b] = [target("a"), target("b")];
    const by = new BoundedHash<FakeTarget>(compileHashKey("header:X-Tenant"), { choose: () => b });
    assert.equal(by.choose([a, b], exchangeUnderTest()), b);
    assert.equal(by.choose([a, b], exchangeUnderTest({ fields: [["x-tenant", ""]] })), b);
  });
});

describe("a request's hash key", () => {
  test("is the client's address, the path without its query, or a header field", () => {
    const exchange = exchangeUnderTest({
      inbound: { path: "/orders", query: "a=1", remoteAddress: "10.0.0.1", clientAddress: "192.0.2.7" },
      fields: [["x-tenant", "acme"]],
    });
    assert.deepEqual(
      ["ip", "path", "header:X-Tenant", "header:x-other"].map((by) => compileHashKey(by)(exchange)),
      ["192.0.2.7", "/orders", "acme", undefined],
    );
  });
});
