import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Target } from "../../gateway/exchange/exchange.ts";

import { LeastRequest } from "../../gateway/balance/policy/least-request.ts";
import { RoundRobin } from "../../gateway/balance/policy/round-robin.ts";
import { WeightedRandom } from "../../gateway/balance/policy/weighted-random.ts";
import { TargetPool } from "../../gateway/balance/pool.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

interface FakeTarget extends Target {
  inFlight: number;
}

const exchange = exchangeUnderTest();

function target(label: string, weight = 1, inFlight = 0): FakeTarget {
  return { label, weight, inFlight };
}

/** The same numbers in every run: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** How often each label is chosen, as a share. */
function shares(choose: () => Target, times = 10_000): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < times; i++) {
    const { label } = choose();
    counts[label] = (counts[label] ?? 0) + 1 / times;
  }
  return counts;
}

function assertShares(actual: Record<string, number>, expected: Record<string, number>): void {
  for (const [label, share] of Object.entries(expected)) {
    assert.ok(Math.abs((actual[label] ?? 0) - share) < 0.02, `${label}: ${actual[label]} instead of ${share}`);
  }
}

describe("a pool", () => {
  const first = (candidates: readonly Target[]): Target => candidates[0] as Target;

  test("offers the policy only targets that may be asked", () => {
    const targets = [target("a"), target("b"), target("c")];
    const offered: string[][] = [];
    const pool = new TargetPool<Target>(targets, {
      choose(candidates) {
        offered.push(candidates.map((one) => one.label));
        return first(candidates);
      },
    });
    assert.equal(pool.pick((one) => one.label !== "a", exchange)?.label, "b");
    assert.equal(pool.pick(() => true, exchange)?.label, "a");
    assert.deepEqual(offered, [
      ["b", "c"],
      ["a", "b", "c"],
    ]);
  });

  test("has nobody to offer where no target may be asked", () => {
    const policy = { choose: () => assert.fail("the policy is not asked") };
    assert.equal(
      new TargetPool<Target>([target("a"), target("b")], policy).pick(() => false, exchange),
      undefined,
    );
    assert.equal(
      new TargetPool<Target>([target("a")], policy).pick(() => false, exchange),
      undefined,
    );
  });

  test("needs no policy for a single target", () => {
    const pool = new TargetPool<Target>([target("a")], { choose: () => assert.fail("the policy is not asked") });
    assert.equal(pool.pick(() => true, exchange)?.label, "a");
  });
});

describe("round-robin", () => {
  test("spreads weights smoothly: 5, 1, 1 is a a b a c a a", () => {
    const policy = new RoundRobin();
    const targets = [target("a", 5), target("b"), target("c")];
    const turns = Array.from({ length: 14 }, () => policy.choose(targets).label).join(" ");
    assert.equal(turns, "a a b a c a a a a b a c a a");
  });

  test("gives each exactly its share in every full turn, whatever the weights", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const policy = new RoundRobin();
        const targets = weights.map((weight, index) => target(String(index), weight));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = weights.map(() => 0);
        for (let i = 0; i < total; i++) counts[Number(policy.choose(targets).label)]! += 1;
        assert.deepEqual(counts, weights);
      }),
    );
  });

  test("goes on evenly among the rest while one may not be asked, and takes it back", () => {
    const policy = new RoundRobin<FakeTarget>();
    const targets = [target("a"), target("b"), target("c")];
    const pool = new TargetPool(targets, policy);
    assertShares(
      shares(() => pool.pick((one) => one.label !== "a", exchange) as Target, 1000),
      { b: 0.5, c: 0.5 },
    );
    assertShares(
      shares(() => pool.pick(() => true, exchange) as Target, 3000),
      { a: 1 / 3, b: 1 / 3, c: 1 / 3 },
    );
  });
});

describe("random", () => {
  test("draws in proportion to the weights", () => {
    const policy = new WeightedRandom(seeded(1));
    const targets = [target("a", 1), target("b", 3), target("c", 6)];
    assertShares(
      shares(() => policy.choose(targets)),
      { a: 0.1, b: 0.3, c: 0.6 },
    );
  });

  test("always draws somebody, also at the edge of the numbers", () => {
    const targets = [target("a", 1), target("b", 3)];
    assert.equal(new WeightedRandom(() => 0).choose(targets).label, "a");
    assert.equal(new WeightedRandom(() => 1 - Number.EPSILON / 2).choose(targets).label, "b");
    // No such number is promised, and a sum of fractions may come out at it all the same.
    assert.equal(new WeightedRandom(() => 1).choose(targets).label, "b");
  });
});

describe("least-request", () => {
  test("takes the less busy of the two it draws", () => {
    const policy = new LeastRequest(seeded(2));
    const targets = [target("a", 1, 5), target("b", 1, 0)];
    assertShares(
      shares(() => policy.choose(targets), 1000),
      { b: 1 },
    );
  });

  test("never takes the busiest of three", () => {
    const policy = new LeastRequest(seeded(3));
    const targets = [target("a", 1, 9), target("b", 1, 1), target("c", 1, 0)];
    const seen = shares(() => policy.choose(targets));
    assert.equal(seen["a"], undefined);
    assertShares(seen, { b: 1 / 3, c: 2 / 3 });
  });

  test("counts what is under way against the weight", () => {
    const policy = new LeastRequest(seeded(4));
    const targets = [target("a", 1, 2), target("b", 3, 5)];
    assertShares(
      shares(() => policy.choose(targets), 1000),
      { b: 1 },
    );
  });

  test("spreads evenly where all are idle", () => {
    const policy = new LeastRequest(seeded(5));
    const targets = [target("a"), target("b"), target("c")];
    assertShares(
      shares(() => policy.choose(targets)),
      { a: 1 / 3, b: 1 / 3, c: 1 / 3 },
    );
  });

  test("spreads by weight where all are idle: a light target is not left without any", () => {
    const policy = new LeastRequest(seeded(6));
    const targets = [target("a", 1), target("b", 3)];
    assertShares(
      shares(() => policy.choose(targets)),
      { a: 0.25, b: 0.75 },
    );
  });

  test("under load keeps the weights' proportion", () => {
    const policy = new LeastRequest<FakeTarget>(seeded(7));
    const targets = [target("a", 1), target("b", 3)];
    for (let i = 0; i < 400; i++) policy.choose(targets).inFlight++;
    assert.ok(Math.abs((targets[0]?.inFlight ?? 0) - 100) <= 2, String(targets[0]?.inFlight));
  });

  test("takes the only one that is left", () => {
    assert.equal(new LeastRequest(seeded(8)).choose([target("a")]).label, "a");
  });
});
