import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { HealthChange } from "../../gateway/exchange/events.ts";

import { Health } from "../../gateway/balance/health.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** A target whose probes say what the test says, every second from 1.5 s on. */
function watched(options: { random?: () => number; unhealthyAfter?: number; healthyAfter?: number } = {}) {
  const clock = new FakeClock();
  const state = { fault: undefined as string | undefined, probes: 0, recoveries: 0, isHanging: false };
  const changes: HealthChange[] = [];
  const health = new Health({
    intervalMs: 1000,
    unhealthyAfter: 3,
    healthyAfter: 2,
    random: () => 0.5,
    ...options,
    clock,
    probe: () => {
      state.probes++;
      return state.isHanging ? new Promise(() => {}) : Promise.resolve(state.fault);
    },
    changed: (change) => changes.push(change),
    recovered: () => state.recoveries++,
  });
  /** Lets this many probes come and go. */
  const pass = async (probes: number): Promise<void> => {
    for (let n = 0; n < probes; n++) {
      clock.advance(clock.nextDueAt - clock.now());
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  return { clock, state, changes, health, pass };
}

describe("a target's health", () => {
  test("is good until probes say otherwise, so that a gateway serves from its start", async () => {
    const { health, pass, changes } = watched();
    assert.deepEqual([health.isHealthy, health.returnsInMs], [true, 0]);
    await pass(3);
    assert.deepEqual([health.isHealthy, changes], [true, []]);
    health.close();
  });

  test("is lost by failed probes in a row only, and its loss is told once with its reason", async () => {
    const { health, pass, state, changes } = watched();
    state.fault = "status_500";
    await pass(2);
    state.fault = undefined;
    await pass(1);
    state.fault = "timeout";
    await pass(2);
    assert.equal(health.isHealthy, true);
    await pass(3);
    assert.equal(health.isHealthy, false);
    assert.deepEqual(changes, [{ to: "unhealthy", reason: "timeout", probes: 3 }]);
    health.close();
  });

  test("returns after passed probes in a row, and tells when it can at the soonest", async () => {
    const { health, pass, state, changes, clock } = watched();
    state.fault = "ECONNREFUSED";
    await pass(3);
    assert.equal(health.returnsInMs, 2000, "two probes must pass");
    state.fault = undefined;
    clock.advance(400);
    assert.equal(health.returnsInMs, 1600);
    await pass(1);
    assert.deepEqual([health.isHealthy, health.returnsInMs], [false, 1000]);
    state.fault = "ECONNREFUSED";
    await pass(1);
    assert.equal(health.returnsInMs, 2000, "from the beginning");
    state.fault = undefined;
    await pass(2);
    assert.deepEqual([health.isHealthy, health.returnsInMs], [true, 0]);
    assert.deepEqual(changes[1], { to: "healthy", reason: "probe_passed", probes: 2 });
    health.close();
  });

  test("asks for a trial when it recovers, not with every probe that passes", async () => {
    const { health, pass, state } = watched();
    await pass(3);
    assert.equal(state.recoveries, 0);
    state.fault = "timeout";
    await pass(1);
    state.fault = undefined;
    await pass(3);
    assert.equal(state.recoveries, 1, "after a single failure, which took nobody out");
    state.fault = "timeout";
    await pass(3);
    state.fault = undefined;
    await pass(1);
    assert.equal(state.recoveries, 1, "not before it is healthy");
    await pass(3);
    assert.equal(state.recoveries, 2);
    health.close();
  });

  test("is asked at moments drawn by lot, between 90 % and 110 % of the interval apart", async () => {
    for (const [draw, first, gap] of [
      [0, 0, 900],
      [0.5, 500, 1000],
      [0.9999, 999.9, 1099.98],
    ] as const) {
      const { health, pass, clock } = watched({ random: () => draw });
      const startedAt = clock.now();
      assert.ok(Math.abs(clock.nextDueAt - startedAt - first) < 1e-6);
      await pass(1);
      assert.ok(Math.abs(clock.nextDueAt - clock.now() - gap) < 1e-6);
      health.close();
    }
  });

  test("is never asked twice at once, however long a probe takes", async () => {
    const { health, pass, clock, state } = watched();
    state.isHanging = true;
    await pass(1);
    clock.advance(60_000);
    assert.deepEqual([state.probes, clock.pending], [1, 0]);
    health.close();
  });

  test("is asked no more once it is closed", async () => {
    const { health, pass, clock, state, changes } = watched({ unhealthyAfter: 1 });
    await pass(1);
    state.fault = "timeout";
    clock.advance(clock.nextDueAt - clock.now());
    health.close();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    assert.deepEqual([clock.pending, changes], [0, []]);
  });
});
