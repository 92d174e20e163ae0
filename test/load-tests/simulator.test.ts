import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Ending, Visitor } from "../../load-tests/upstream/job.ts";
import type { Service } from "../../load-tests/upstream/service.ts";

import { seededRandom } from "../../load-tests/generator/random.ts";
import { Simulator } from "../../load-tests/upstream/simulator.ts";

const constant: Service = { slots: 1, meanMs: 20, sigma: 0 };

/** A visitor that keeps what it was told, and when: at the simulator's `now` of that call. */
class Guest implements Visitor {
  readonly method: string;
  readonly endings: Ending["kind"][] = [];

  constructor(method = "GET") {
    this.method = method;
  }

  end(ending: Ending): void {
    this.endings.push(ending.kind);
  }
}

function made(service: Service, seed = 1): Simulator {
  return new Simulator(service, seededRandom(seed));
}

/** Keeps so many requests in line, and looks at the clock only every `grainMs`. Answers how many were served. */
function saturate(simulator: Simulator, { seconds, grainMs }: { seconds: number; grainMs: number }): number {
  for (let index = 0; index < 50; index += 1) simulator.arrive(new Guest(), 0);
  let served = 0;
  for (let now = 0; now <= seconds * 1000; now += grainMs) {
    simulator.advance(now);
    const total = simulator.counters(0).served;
    for (; served < total; served += 1) simulator.arrive(new Guest(), now);
  }
  return served;
}

describe("capacity", () => {
  for (const grainMs of [0.1, 1, 4]) {
    test(`is slots / mean within 2 %, though the clock is looked at every ${grainMs} ms only`, () => {
      const seconds = 60;
      const served = saturate(made({ slots: 10, meanMs: 20 }, 3), { seconds, grainMs });
      assert.ok(Math.abs(served / seconds / 500 - 1) < 0.02, `${served / seconds} requests per second`);
    });
  }

  test("is exact where service times are constant", () => {
    assert.equal(saturate(made({ slots: 10, meanMs: 20, sigma: 0 }), { seconds: 10, grainMs: 3 }), 4990);
  });

  test("falls by the slowdown, and is whole again after it", () => {
    const simulator = made(constant);
    simulator.control({ slowdown: 4 }, 0);
    simulator.arrive(new Guest(), 0);
    assert.equal(simulator.nextAt, 80);
    simulator.control({ slowdown: 1 }, 10);
    assert.equal(simulator.nextAt, 80, "what has begun is not hurried");
    simulator.advance(80);
    simulator.arrive(new Guest(), 100);
    assert.equal(simulator.nextAt, 120);
  });

  test("grows with slots at once, and shrinks as they come free", () => {
    const simulator = made(constant);
    const guests = [new Guest(), new Guest(), new Guest()];
    for (const guest of guests) simulator.arrive(guest, 0);
    simulator.control({ slots: 3 }, 5);
    simulator.advance(25);
    assert.equal(simulator.counters(0).served, 3);
    for (let index = 0; index < 3; index += 1) simulator.arrive(new Guest(), 30);
    simulator.control({ slots: 1 }, 31);
    simulator.arrive(new Guest(), 32);
    simulator.advance(50);
    assert.equal(simulator.counters(0).concurrency, 1);
    assert.equal(simulator.nextAt, 70);
  });
});

describe("the line", () => {
  test("is served first come, first served, each from the moment the slot came free", () => {
    const simulator = made(constant);
    const order: number[] = [];
    for (let index = 0; index < 4; index += 1) {
      simulator.arrive({ method: "GET", end: () => order.push(index) }, index);
    }
    simulator.advance(79);
    assert.deepEqual(order, [0, 1, 2]);
    assert.equal(simulator.nextAt, 80);
    simulator.advance(80);
    assert.deepEqual(order, [0, 1, 2, 3]);
  });

  test("costs no slot's time for those who left it", () => {
    const simulator = made(constant);
    const guests = Array.from({ length: 4 }, () => new Guest());
    const jobs = guests.map((guest) => simulator.arrive(guest, 0));
    simulator.leave(jobs[1]!, 5);
    simulator.leave(jobs[2]!, 6);
    simulator.advance(40);
    assert.deepEqual(
      guests.map(({ endings }) => endings.length),
      [1, 0, 0, 1],
    );
    const { leftInLine, leftInService, leftAfterMs, workedMs, wastedMs, served } = simulator.counters(0);
    assert.deepEqual(
      { leftInLine, leftInService, leftAfterMs, workedMs, wastedMs, served },
      { leftInLine: 2, leftInService: 0, leftAfterMs: [5, 6], workedMs: 40, wastedMs: 0, served: 2 },
    );
  });
});

describe("wasted work", () => {
  test("is the whole slot's time of a request whose client left meanwhile", () => {
    const simulator = made(constant);
    const [gone, next] = [new Guest(), new Guest()];
    const job = simulator.arrive(gone, 0);
    simulator.arrive(next, 0);
    simulator.leave(job, 1);
    simulator.leave(job, 2);
    simulator.advance(39);
    assert.deepEqual(next.endings, [], "the slot was not given up early");
    simulator.advance(40);
    assert.deepEqual([gone.endings, next.endings], [[], ["answer"]]);
    const { leftInService, leftAfterMs, workedMs, wastedMs, served } = simulator.counters(0);
    assert.deepEqual(
      { leftInService, leftAfterMs, workedMs, wastedMs, served },
      { leftInService: 1, leftAfterMs: [1], workedMs: 40, wastedMs: 20, served: 1 },
    );
  });

  test("is none where the client left after its answer", () => {
    const simulator = made(constant);
    const job = simulator.arrive(new Guest(), 0);
    simulator.leave(job, 20);
    const { leftInService, wastedMs, served } = simulator.counters(0);
    assert.deepEqual([leftInService, wastedMs, served], [0, 0, 1]);
  });
});

describe("added time", () => {
  test("delays answers and takes no capacity", () => {
    const simulator = made(constant);
    simulator.control({ addedMs: 60 }, 0);
    const guests = [new Guest(), new Guest(), new Guest()];
    for (const guest of guests) simulator.arrive(guest, 0);
    simulator.advance(79);
    assert.deepEqual(
      guests.map(({ endings }) => endings.length),
      [0, 0, 0],
    );
    assert.equal(simulator.counters(0).workedMs, 60);
    simulator.advance(120);
    assert.deepEqual(
      guests.map(({ endings }) => endings.length),
      [1, 1, 1],
    );
  });
});

describe("faults", () => {
  test("a status and a reset come at once and take no slot", () => {
    const simulator = made(constant);
    simulator.arrive(new Guest(), 0);
    for (const fault of [{ kind: "status", status: 503 }, { kind: "reset" }] as const) {
      simulator.control({ fault }, 1);
      const guest = new Guest();
      simulator.arrive(guest, 1);
      assert.deepEqual(guest.endings, [fault.kind]);
    }
    assert.deepEqual([simulator.counters(0).faulted, simulator.counters(0).concurrency], [2, 1]);
  });

  test("a black hole holds requests until they leave, and lets those in service finish", () => {
    const simulator = made(constant);
    const [before, lost] = [new Guest(), new Guest()];
    simulator.arrive(before, 0);
    simulator.control({ fault: { kind: "black-hole" } }, 1);
    const job = simulator.arrive(lost, 1);
    simulator.advance(10_000);
    assert.deepEqual([before.endings, lost.endings], [["answer"], []]);
    assert.equal(simulator.counters(0).concurrency, 1);
    simulator.leave(job, 10_000);
    assert.deepEqual([simulator.counters(0).concurrency, simulator.counters(0).leftInService], [0, 0]);
  });

  test("a half body takes its time in a slot", () => {
    const simulator = made(constant);
    simulator.control({ fault: { kind: "half-body" } }, 0);
    const guest = new Guest();
    simulator.arrive(guest, 0);
    simulator.advance(20);
    assert.deepEqual([guest.endings, simulator.counters(0).faulted], [["half-body"], 1]);
  });

  test("a share of requests meets the fault, and a new fault is met by all again", () => {
    const simulator = made({ ...constant, slots: 10_000 }, 11);
    simulator.control({ fault: { kind: "status", status: 503 }, faultShare: 0.3 }, 0);
    for (let index = 0; index < 5_000; index += 1) simulator.arrive(new Guest(), 0);
    const { faulted } = simulator.counters(0);
    assert.ok(Math.abs(faulted / 5_000 - 0.3) < 0.02, String(faulted));
    simulator.control({ fault: { kind: "reset" } }, 0);
    for (let index = 0; index < 100; index += 1) simulator.arrive(new Guest(), 0);
    assert.equal(simulator.counters(0).faulted, faulted + 100);
  });

  test("a dead service forgets its line and its slots, and counts nobody as having left", () => {
    const simulator = made(constant);
    const jobs = [0, 1, 2].map(() => simulator.arrive(new Guest(), 0));
    simulator.die(10);
    for (const job of jobs) simulator.leave(job, 11);
    const { faulted, leftInLine, leftInService, concurrency, workedMs } = simulator.counters(0);
    assert.deepEqual([faulted, leftInLine, leftInService, concurrency, workedMs], [3, 0, 0, 0, 10]);
    simulator.arrive(new Guest(), 12);
    assert.equal(simulator.nextAt, 32);
  });
});

describe("counters", () => {
  test("tell how many requests came by method and the peak of those who were there at once", () => {
    const simulator = made(constant);
    for (const method of ["GET", "POST", "GET"]) simulator.arrive(new Guest(method), 0);
    simulator.advance(1_000);
    const { received, receivedByMethod, peakConcurrency, concurrency, openConnections } = simulator.counters(7);
    assert.deepEqual(
      { received, receivedByMethod, peakConcurrency, concurrency, openConnections },
      { received: 3, receivedByMethod: { GET: 2, POST: 1 }, peakConcurrency: 3, concurrency: 0, openConnections: 7 },
    );
  });

  test("keep the latest 10,000 that left, and no more", () => {
    const simulator = made({ ...constant, slots: 20_000 });
    for (let index = 0; index < 10_005; index += 1) {
      simulator.leave(simulator.arrive(new Guest(), index / 1_000_000), 15);
    }
    assert.equal(simulator.counters(0).leftAfterMs.length, 10_000);
  });
});
