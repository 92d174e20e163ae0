import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { evictedAfterSeconds } from "../../load-tests/scenarios/measures/attack.ts";
import { cancelledShare } from "../../load-tests/scenarios/measures/cancellation.ts";
import { boundOfGoodput } from "../../load-tests/scenarios/measures/cpu-bound.ts";
import {
  goodputOf,
  goodShare,
  lossAgainst,
  peakGoodput,
  shedShare,
} from "../../load-tests/scenarios/measures/goodput.ts";
import {
  closedAfterSeconds,
  closingOf,
  fullRateAfterSeconds,
  openedAfterSeconds,
} from "../../load-tests/scenarios/measures/outage.ts";
import { busyShare, classOf, phaseOf } from "../../load-tests/scenarios/measures/phase.ts";
import { recoverySeconds } from "../../load-tests/scenarios/measures/recovery.ts";
import { whileWorking } from "../../load-tests/scenarios/measures/thread-time.ts";
import {
  admittedOf,
  receivedIn,
  receivedPerSecond,
  wastedShare,
} from "../../load-tests/scenarios/measures/upstream-work.ts";
import { classResult, latency, madeUpRun } from "./made-up-run.ts";

suite("goodput", () => {
  const run = madeUpRun([
    { name: "low", seconds: 4, all: { good: 200 } },
    { name: "high", seconds: 2, all: { good: 300, offered: 600, shed: 150 } },
  ]);

  test("is told per second of the phase", () => {
    assert.equal(goodputOf(run, "low"), 50);
    assert.equal(goodputOf(run, "high"), 150);
  });

  test("peaks in the best phase", () => assert.equal(peakGoodput(run), 150));

  test("shares are of the requests that were due", () => {
    assert.equal(goodShare(phaseOf(run, "high").all), 0.5);
    assert.equal(shedShare(phaseOf(run, "high").all), 0.25);
  });

  test("shares of nothing are those of all going well", () => {
    assert.equal(goodShare({ good: 0, offered: 0 }), 1);
    assert.equal(shedShare({ shed: 0, offered: 0 }), 0);
  });

  test("a loss is told against what was answered well before", () => {
    const before = classResult({ offered: 100, good: 80 });
    assert.ok(Math.abs(lossAgainst(before, classResult({ offered: 1000, good: 400 })) - 0.5) < 1e-12);
  });

  test("a phase or a class that is not there is a mistake of the scenario", () => {
    assert.throws(() => phaseOf(run, "none"), /no phase none/);
    assert.throws(() => classOf(run, "low", "none"), /no class none/);
  });
});

suite("recovery", () => {
  const recoveredIn = (good: readonly number[], seconds = 4) =>
    recoverySeconds(
      madeUpRun([
        { name: "spike", seconds: 1 },
        { name: "after", seconds, good },
      ]),
      "after",
    );

  test("takes no time where nothing was lost", () => assert.equal(recoveredIn([100]), 0));

  test("begins with the first second that has 95 % of the offered", () => {
    assert.equal(recoveredIn([0, 0, 0, 0, 95]), 1);
    // Three buckets of 100 % make up for one of 80 %.
    assert.equal(recoveredIn([0, 0, 0, 0, 80, 100]), 1);
    assert.equal(recoveredIn([0, 0, 0, 0, 79, 100]), 1.25);
  });

  test("is not over while it does not stay", () => assert.equal(recoveredIn([100, 100, 100, 100, 0, 100]), 1.25));

  test("counts what is answered late with a gush as answered", () => assert.equal(recoveredIn([0, 200, 100]), 0));

  test("that never comes takes as long as was watched", () => {
    assert.equal(recoveredIn([90]), 4);
    assert.equal(recoveredIn([100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 50]), 4);
  });

  test("can be told from a later moment on", () => {
    const run = madeUpRun([
      { name: "dead", seconds: 1 },
      { name: "repaired", seconds: 6, good: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100] },
    ]);
    assert.equal(recoverySeconds(run, "repaired"), 2.5);
    assert.equal(recoverySeconds(run, "repaired", { fromMs: 3000 }), 0.5);
  });
});

suite("an outage", () => {
  const outage = (repaired: readonly string[], good: readonly number[] = [100]) =>
    madeUpRun([
      { name: "base", seconds: 2 },
      { name: "dying", seconds: 2, breaker: ["closed", "closed", "closed", "open"] },
      { name: "repaired", seconds: 8, breaker: repaired, good },
    ]);
  const trial = ["open", "open", "open", "half-open", "half-open", "closed"];

  test("is noticed when the breaker is first seen open", () => {
    assert.equal(openedAfterSeconds(outage(trial), "dying"), 0.75);
  });

  test("that is never noticed counts to the load's end", () => {
    const run = madeUpRun([
      { name: "dying", seconds: 2 },
      { name: "dead", seconds: 3 },
    ]);
    assert.equal(openedAfterSeconds(run, "dying"), 5);
  });

  test("is over when the breaker is closed, counted from the last time it was seen open", () => {
    assert.deepEqual(closingOf(outage(trial), "repaired"), { dueMs: 4500, closedMs: 5250, relapses: 0 });
    assert.equal(closedAfterSeconds(outage(trial), "repaired"), 0.75);
  });

  test("a trial that fails counts from the first one", () => {
    const failing = ["open", "half-open", "open", "open", "open", "half-open", "closed"];
    assert.equal(closedAfterSeconds(outage(failing), "repaired"), 1.5);
  });

  test("a trial under way as the service is repaired counts from there", () => {
    assert.equal(closedAfterSeconds(outage(["half-open", "half-open", "closed"]), "repaired"), 0.5);
  });

  test("that is never over takes as long as was watched", () => {
    for (const breaker of [["open"], ["open", "half-open"]]) {
      assert.equal(closedAfterSeconds(outage(breaker), "repaired"), 8);
      assert.equal(fullRateAfterSeconds(outage(breaker), "repaired"), 8);
    }
  });

  test("full rate is counted from the breaker's closing", () => {
    const good = [0, 0, 0, 0, 0, 0, 0, 0, 100];
    assert.equal(fullRateAfterSeconds(outage(trial, good), "repaired"), 2 - 1.25);
  });

  test("a breaker that opens again is told", () => {
    assert.equal(closingOf(outage([...trial, "open", "open", "half-open", "closed"]), "repaired").relapses, 3);
  });
});

suite("work of the service", () => {
  const run = madeUpRun([
    {
      name: "base",
      seconds: 2,
      counters: [{ received: 100, workedMs: 1000, wastedMs: 100, receivedByMethod: { GET: 90 } }],
    },
    {
      name: "slow",
      seconds: 4,
      counters: [
        { received: 180, workedMs: 5000, wastedMs: 140, receivedByMethod: { GET: 160, POST: 10 } },
        { received: 7 },
      ],
    },
  ]);

  test("is told by what was counted in the phase alone", () => {
    assert.equal(receivedIn(run, "base"), 100);
    assert.equal(receivedIn(run, "slow"), 80);
    assert.equal(receivedPerSecond(run, "slow"), 20);
    assert.equal(wastedShare(run, "slow"), 0.01);
  });

  test("is told by method and by service", () => {
    assert.equal(receivedIn(run, "slow", { method: "GET" }), 70);
    assert.equal(receivedIn(run, "slow", { method: "POST" }), 10);
    assert.equal(receivedIn(run, "slow", { service: 1 }), 7);
    assert.throws(() => receivedIn(run, "slow", { service: 2 }), /service 2/);
  });

  test("no work is none in vain", () => {
    assert.equal(wastedShare(madeUpRun([{ name: "idle", seconds: 1 }]), "idle"), 0);
  });

  test("what the breaker refuses has passed admission, what queue and limits refuse has not", () => {
    const codes = { concurrency_limited: 5, queue_timeout: 4, overloaded: 3, rate_limited: 2, circuit_open: 50 };
    assert.equal(admittedOf({ offered: 100, codes }), 86);
  });
});

suite("clients that leave", () => {
  const runOf = (left: number, leftAfterMs: readonly number[]) =>
    madeUpRun([
      { name: "leaving", seconds: 1, all: { left } },
      { name: "after", seconds: 1, counters: [{ leftAfterMs }] },
    ]);

  test("are cancelled in time or not", () => {
    assert.equal(cancelledShare(runOf(4, [100, 150, 200, 201]), 200), 0.75);
  });

  test("are missed where the service never heard of it", () =>
    assert.equal(cancelledShare(runOf(4, [100]), 200), 0.25));

  test("that were none prove nothing", () => assert.equal(cancelledShare(runOf(0, []), 200), 0));
});

suite("attackers", () => {
  const runOf = (closed: number) => {
    const attacker = { kind: "slow-body", connections: 10, closed, closedAfterMs: latency(11_000) };
    return madeUpRun([{ name: "attack", seconds: 20 }], { attackers: [attacker] });
  };

  test("are shown out when the last of them is", () => assert.equal(evictedAfterSeconds(runOf(10), "slow-body"), 11));

  test("are there to the end where one of them is", () => assert.equal(evictedAfterSeconds(runOf(9), "slow-body"), 20));
});

suite("a gateway's CPU time", () => {
  test("is told of a phase alone, as a share of its time", () => {
    const run = madeUpRun([
      { name: "calm", seconds: 4, cpuShare: 0.2 },
      { name: "busy", seconds: 4, cpuShare: 0.9 },
    ]);
    assert.ok(Math.abs(busyShare(run, "calm") - 0.2) < 1e-9);
    assert.ok(Math.abs(busyShare(run, "busy") - 0.9) < 1e-9);
  });

  test("is none where it was not looked at twice", () => {
    assert.equal(busyShare(madeUpRun([{ name: "short", seconds: 0.25, cpuShare: 1 }]), "short"), 0);
  });

  test("of the main thread is told as a share of the time that some work took", async () => {
    const spin = async (): Promise<string> => {
      const endsAt = performance.now() + 200;
      while (performance.now() < endsAt);
      return "done";
    };
    const { result, share } = await whileWorking(process.pid, spin);
    assert.equal(result, "done");
    assert.ok(share > 0 && share < 1.2, `${share}`);
  });
});

suite("the bound of goodput", () => {
  test("is the load where that is less than the capacity", () => assert.equal(boundOfGoodput(0.5, 0.2), 0.5));

  test("is the capacity where shedding is free", () => assert.equal(boundOfGoodput(3, 0), 1));

  test("leaves all of the CPU to serving and shedding", () => {
    for (const load of [1, 2, 3, 5]) {
      for (const shedCost of [0, 0.05, 0.15]) {
        const served = boundOfGoodput(load, shedCost);
        assert.ok(Math.abs(served + shedCost * (load - served) - 1) < 1e-12, `${load} ×, ${shedCost}`);
      }
    }
  });

  test("is nothing where shedding alone takes all", () => assert.equal(boundOfGoodput(5, 0.3), 0));
});
