import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as fc from "fast-check";

import type { BudgetHolder, Reservation } from "../../gateway/validate/byte-budget.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { ByteBudget } from "../../gateway/validate/byte-budget.ts";
import { FakeClock } from "../support/fake-clock.ts";

const isOverloaded = (error: unknown) =>
  error instanceof Failure && error.code === "overloaded" && error.options.retryAfterMs === 1000;

interface BodyParts {
  readonly clock: FakeClock;
  readonly address: string;
  readonly arriving?: "arriving" | "arrived";
}

/** One body and what it holds. */
class Body implements BudgetHolder {
  readonly clock: FakeClock;
  readonly inbound: { readonly clientAddress: string };
  readonly reservation: Reservation;
  readonly beganAt: number;
  isArriving: boolean;
  isReleased = false;
  bytes = 0;
  refusal: Error | undefined;

  constructor(budget: ByteBudget, { clock, address, arriving = "arriving" }: BodyParts) {
    this.clock = clock;
    this.inbound = { clientAddress: address };
    this.isArriving = arriving === "arriving";
    this.beganAt = clock.now();
    this.reservation = budget.reserve(this, arriving);
  }

  get rate(): number {
    return this.bytes / Math.max(1, this.clock.now() - this.beganAt);
  }

  /** Makes its share this large; whether it could. */
  grow(bytes: number): boolean {
    try {
      this.reservation.ensure(bytes);
    } catch (error) {
      assert.ok(isOverloaded(error));
      return false;
    }
    if (!this.isReleased) this.bytes = Math.max(this.bytes, bytes);
    return true;
  }

  /** The rest of it has come. */
  arrive(): void {
    this.reservation.arrived();
    this.isArriving = false;
  }

  release(): void {
    this.reservation.release();
    this.isReleased = true;
    this.isArriving = false;
    this.bytes = 0;
  }

  cancel(reason: Error): void {
    assert.equal(this.refusal, undefined, "it is refused once");
    this.refusal = reason;
    this.isReleased = true;
    this.isArriving = false;
    this.bytes = 0;
  }
}

function setUp(totalBytes = 100) {
  const clock = new FakeClock();
  const budget = new ByteBudget(totalBytes);
  let addresses = 0;
  const body = (address = `192.0.2.${++addresses}`, arriving: "arriving" | "arrived" = "arriving") =>
    new Body(budget, { clock, address, arriving });
  return { clock, budget, body };
}

describe("a reservation", () => {
  test("is of the bytes that have come, never of those announced", () => {
    const { budget, body } = setUp();
    const one = body();
    assert.equal(budget.reservedBytes, 0);
    one.grow(20);
    assert.equal(budget.reservedBytes, 20);
    one.grow(10);
    assert.equal(budget.reservedBytes, 20, "it never shrinks");
  });

  test("is given back once, at the end of its scope", () => {
    const { budget, body } = setUp();
    {
      using reservation = body().reservation;
      reservation.ensure(20);
      reservation.release();
      reservation.ensure(40);
    }
    assert.equal(budget.reservedBytes, 0);
  });
});

describe("a budget that changes", () => {
  test("keeps what is held, and judges what comes by its new size", () => {
    const { budget, body } = setUp(100);
    const one = body(undefined, "arrived");
    assert.ok(one.grow(80));
    budget.reconfigure(50);
    assert.equal(budget.reservedBytes, 80);
    assert.equal(body(undefined, "arrived").grow(1), false);
    one.reservation.release();
    assert.ok(body(undefined, "arrived").grow(20));
    budget.reconfigure(1000);
    assert.ok(body(undefined, "arrived").grow(500));
  });
});

describe("a budget that is full", () => {
  test("refuses one more as overloaded where all bodies have arrived, and leaves what is held", () => {
    const { budget, body } = setUp();
    for (let n = 0; n < 5; n++) assert.ok(body(undefined, "arrived").grow(20));
    const newcomer = body();
    assert.equal(newcomer.grow(1), false);
    assert.equal(budget.reservedBytes, 100);
    assert.equal(newcomer.refusal, undefined, "who asks is told by a throw");
  });

  test("refuses the slowest body that is still arriving, and its bytes are free at once", () => {
    const { clock, budget, body } = setUp();
    const [slow, quick, whole] = [body(), body(), body()];
    whole.grow(20);
    whole.arrive();
    clock.advance(1000);
    const late = body();
    for (const one of [slow, quick, late]) assert.ok(one.grow(20));
    assert.ok(quick.grow(24));
    assert.ok(body(undefined, "arrived").grow(16));
    clock.advance(10);
    const newcomer = body();
    assert.ok(newcomer.grow(10));
    assert.ok(isOverloaded(slow.refusal));
    assert.deepEqual([quick.refusal, whole.refusal, late.refusal], [undefined, undefined, undefined]);
    assert.equal(budget.reservedBytes, 90);
    assert.equal(slow.grow(1), true, "what still comes of it holds nothing");
    assert.equal(budget.reservedBytes, 90);
  });

  test("refuses as many as are needed for one, and no more", () => {
    const { clock, body } = setUp();
    const bodies = [10, 12, 14, 16, 18, 20].map((bytes) => {
      const one = body();
      assert.ok(one.grow(bytes));
      return one;
    });
    assert.ok(body(undefined, "arrived").grow(10));
    clock.advance(100);
    assert.ok(body().grow(20));
    assert.deepEqual(
      bodies.map(({ refusal }) => refusal !== undefined),
      [true, true, false, false, false, false],
    );
  });

  test("refuses who asks where that is the slowest", () => {
    const { clock, body } = setUp();
    const slow = body();
    assert.ok(slow.grow(1));
    clock.advance(1000);
    const others = [20, 20, 20, 20, 19].map((bytes) => {
      const one = body();
      assert.ok(one.grow(bytes));
      return one;
    });
    assert.equal(slow.grow(2), false);
    assert.ok(others.every(({ refusal }) => refusal === undefined));
  });
});

describe("one address", () => {
  test("may have a body as large as its route allows, where nobody else needs the room", () => {
    const { body } = setUp();
    assert.ok(body("192.0.2.1").grow(100));
  });

  test("may hold a quarter while other bodies hold more than half, whose ever they are", () => {
    const { body } = setUp();
    for (const address of ["192.0.2.1", "192.0.2.2"]) assert.ok(body(address).grow(25));
    const third = body("192.0.2.3");
    assert.ok(third.grow(1));
    const fourth = body("192.0.2.4");
    assert.ok(fourth.grow(25));
    assert.equal(fourth.grow(26), false);
    assert.equal(body("192.0.2.1").grow(1), false);
    assert.ok(third.grow(24));
  });

  test("is a network of 64 bits where it is IPv6", () => {
    const { body } = setUp();
    assert.ok(body("192.0.2.1", "arrived").grow(40));
    assert.ok(body("2001:db8:1:2::1").grow(15));
    assert.equal(body("2001:db8:1:2:ffff::9").grow(11), false);
    assert.ok(body("2001:db8:1:3::1").grow(11));
  });

  test("is charged no more for a body of its own that made room for another", () => {
    const { clock, budget, body } = setUp();
    const slow = body("192.0.2.1");
    slow.grow(10);
    clock.advance(1000);
    const quick = body("192.0.2.1");
    quick.grow(5);
    const others = ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"].map((address) => body(address));
    for (const one of others) one.grow(21);
    assert.ok(quick.grow(10));
    assert.ok(slow.refusal !== undefined);
    assert.ok(quick.grow(15));
    quick.release();
    others[0]?.release();
    assert.equal(budget.reservedBytes, 63);
    assert.ok(body("192.0.2.1").grow(25), "it holds nothing any more");
  });
});

const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "2001:db8::1", "2001:db8::2"];
const groups = [0, 1, 2, 3, 4, 5, 5];

/** A budget of 100 bytes with all bodies that hold some of it. */
class BudgetModel {
  readonly clock = new FakeClock();
  readonly budget = new ByteBudget(100);
  readonly held = new Map<number, { readonly body: Body; readonly group: number }>();

  bodyOf(who: number, at: number, arriving: "arriving" | "arrived") {
    const { clock, budget } = this;
    const known = this.held.get(who);
    if (known !== undefined) return known;
    const body = new Body(budget, { clock, address: addresses[at] as string, arriving });
    const made = { body, group: groups[at] as number };
    this.held.set(who, made);
    return made;
  }

  sumOf(group?: number): number {
    const counted = [...this.held.values()].filter((one) => group === undefined || one.group === group);
    return counted.reduce((sum, { body }) => sum + body.bytes, 0);
  }

  grow({ body, group }: { readonly body: Body; readonly group: number }, bytes: number): void {
    const more = Math.max(0, bytes - body.bytes);
    const arriving = [...this.held.values()]
      .filter((one) => one.body.isArriving && one.body.bytes > 0)
      .map((one) => ({ body: one.body, rate: one.body.rate }));
    const isOverShare = more > 0 && this.sumOf() - body.bytes > 50 && this.sumOf(group) + more > 25;
    const hasRoom = this.sumOf() + more <= 100;
    const could = body.grow(bytes);
    const refused = arriving.filter((one) => one.body.refusal !== undefined);
    if (isOverShare) assert.ok(!could, "its address has its share");
    else if (hasRoom) assert.ok(could, "there is room");
    if (isOverShare || hasRoom) assert.equal(refused.length, 0, "nobody has to make room");
    const fastest = Math.max(-1, ...refused.map(({ rate }) => rate));
    for (const one of arriving)
      assert.ok(one.body.refusal !== undefined || one.rate >= fastest, "a slower one is left");
  }

  check(): void {
    for (const [who, { body }] of this.held) if (body.isReleased) this.held.delete(who);
    assert.equal(this.budget.reservedBytes, this.sumOf());
    assert.ok(this.budget.reservedBytes <= 100);
  }

  /** With nothing held no address is charged for anything. */
  checkEmpty(): void {
    const { clock, budget } = this;
    for (const { body } of this.held.values()) body.release();
    assert.equal(budget.reservedBytes, 0);
    for (const address of addresses) {
      const other = new Body(budget, { clock, address: "198.51.100.1" });
      const one = new Body(budget, { clock, address });
      assert.ok(other.grow(51) && one.grow(25), `${address} is charged for what it does not hold`);
      other.release();
      one.release();
    }
  }
}

test("whatever comes: what is held is what is reserved, only the slowest make room, and nothing leaks", () => {
  const step = fc.record({
    who: fc.nat(23),
    address: fc.nat(addresses.length - 1),
    arriving: fc.constantFrom("arriving" as const, "arrived" as const),
    bytes: fc.nat(20),
    does: fc.constantFrom(...Array<"grow">(10).fill("grow"), "arrive" as const, "release" as const),
    passes: fc.constantFrom(0, 0, 1, 50),
  });
  const property = fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
    const model = new BudgetModel();
    for (const { who, address, arriving, bytes, does, passes } of steps) {
      model.clock.advance(passes);
      const one = model.bodyOf(who, address, arriving);
      if (does === "release") one.body.release();
      else if (does === "arrive") one.body.arrive();
      else model.grow(one, bytes);
      model.check();
    }
    model.checkEmpty();
  });
  fc.assert(property, { numRuns: 500 });
});
