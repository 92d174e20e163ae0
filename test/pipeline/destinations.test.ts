import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Upstream } from "../../gateway/pipeline/upstream.ts";

import { Destinations } from "../../gateway/pipeline/destinations.ts";
import { exchangeUnderTest } from "../support/exchange-under-test.ts";

const timeouts = { connect: 1, headers: 2, idle: 3 };

function destinations(weights: Readonly<Record<string, number>>, random: () => number): Destinations {
  const all = Object.entries(weights).map(([name, weight]) => ({ service: { name } as Upstream, timeouts, weight }));
  return new Destinations(all, random);
}

describe("where a route's requests go", () => {
  test("is drawn by weight", () => {
    const draws = [0, 0.899, 0.9, 0.999];
    const drawn = destinations({ orders: 90, "orders-next": 10 }, () => draws.shift() ?? 0);
    assert.deepEqual(
      [1, 2, 3, 4].map(() => drawn.draw()),
      ["orders", "orders", "orders-next", "orders-next"],
    );
  });

  test("is never an upstream of weight 0, at neither edge of the numbers", () => {
    for (const number of [0, 0.5, 1 - Number.EPSILON, 1]) {
      assert.equal(destinations({ blue: 0, green: 1, grey: 0 }, () => number).draw(), "green");
    }
  });

  test("is not drawn for where there is one", () => {
    assert.equal(destinations({ orders: 1 }, () => assert.fail("nothing to draw")).draw(), "orders");
  });

  test("is found again by the exchange", () => {
    const drawn = destinations({ orders: 1, "orders-next": 1 }, () => 0.7);
    const exchange = exchangeUnderTest();
    exchange.upstream = drawn.draw();
    assert.equal(drawn.of(exchange).service.name, "orders-next");
  });
});
