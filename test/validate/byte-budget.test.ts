import assert from "node:assert/strict";
import { test } from "node:test";

import * as fc from "fast-check";

import { Failure } from "../../gateway/failures/failure.ts";
import { ByteBudget } from "../../gateway/validate/byte-budget.ts";

const overloaded = (error: unknown) => error instanceof Failure && error.code === "overloaded";

test("a reservation beyond the budget is refused as overloaded, and leaves the budget as it was", () => {
  const budget = new ByteBudget(100);
  budget.reserve(60);
  assert.throws(() => budget.reserve(41), overloaded);
  assert.equal(budget.reservedBytes, 60);
  budget.reserve(40);
  assert.equal(budget.reservedBytes, 100);
});

test("a reservation that cannot grow keeps what it has", () => {
  const budget = new ByteBudget(100);
  const reservation = budget.reserve(60);
  assert.throws(() => reservation.ensure(101), overloaded);
  assert.equal(budget.reservedBytes, 60);
  reservation.ensure(10);
  assert.equal(budget.reservedBytes, 60);
});

test("a reservation is given back once, at the end of its scope", () => {
  const budget = new ByteBudget(100);
  {
    using reservation = budget.reserve(60);
    reservation.release();
    reservation.ensure(80);
  }
  assert.equal(budget.reservedBytes, 0);
});

test("the sum of reservations is what is reserved, and never over the budget", () => {
  const step = fc.record({ who: fc.nat(4), bytes: fc.nat(60), ends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const budget = new ByteBudget(100);
      const held = new Map<number, { reservation: ReturnType<ByteBudget["reserve"]>; bytes: number }>();
      for (const { who, bytes, ends } of steps) {
        const mine = held.get(who);
        try {
          if (mine === undefined) {
            held.set(who, { reservation: budget.reserve(bytes), bytes });
          } else if (ends) {
            mine.reservation.release();
            held.delete(who);
          } else {
            mine.reservation.ensure(bytes);
            mine.bytes = Math.max(mine.bytes, bytes);
          }
        } catch (error) {
          assert.ok(overloaded(error));
        }
        const sum = [...held.values()].reduce((total, one) => total + one.bytes, 0);
        assert.equal(budget.reservedBytes, sum);
        assert.ok(sum <= 100);
      }
    }),
  );
});
