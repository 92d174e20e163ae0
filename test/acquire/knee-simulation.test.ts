import assert from "node:assert/strict";
import { describe } from "node:test";

import type { Kind } from "./simulation.ts";

import { between, each, goodput, lostLater, play, recoveryMs } from "./knee-runs.ts";

describe("a knee limit before an upstream of ten slots of 20 ms, whose clients wait for a second", () => {
  each("keeps the goodput at three and five times the capacity", async (seed) => {
    for (const rate of [1500, 2500]) {
      const [, surge, after] = await play({ seed, slots: 10, phases: between(250, { durationMs: 6000, rate }) });
      assert.ok(goodput(surge, 6, 500) >= 0.95, `${goodput(surge, 6, 500)}`);
      assert.ok(recoveryMs(after) <= 2000);
    }
  });

  each("keeps nine tenths when the service takes four times as long, and seven at eight times", async (seed) => {
    for (const [slowdown, least] of [
      [4, 0.9],
      [8, 0.7],
    ] as const) {
      const phases = between(300, { durationMs: 10_000, rate: 300, slowdown });
      const [, brownOut, after] = await play({ seed, slots: 10, phases });
      const reached = goodput(brownOut, 10, 500 / slowdown);
      assert.ok(reached >= least, `${reached} at ${slowdown}`);
      assert.ok(recoveryMs(after) <= 2000);
    }
  });

  each("sheds nothing for a latency that is not its own, on ten slots and on forty", async (seed) => {
    for (const slots of [10, 40]) {
      const rate = 30 * slots;
      const [, shifted] = await play({ seed, slots, phases: between(rate, { durationMs: 10_000, rate, shiftMs: 60 }) });
      assert.ok(lostLater(shifted) <= 0.02, `${lostLater(shifted)} on ${slots}`);
    }
  });

  each("sheds nothing below capacity", async (seed) => {
    const [, busy] = await play({ seed, slots: 10, phases: between(400, { durationMs: 6000, rate: 400 }) });
    assert.ok(busy.shed <= 0.01 * busy.offered, `${busy.shed}`);
  });

  each("shares the upstream with one or two gateways that do the same", async (seed) => {
    for (const [gateways, least] of [
      [2, 0.35],
      [3, 0.15],
    ] as const) {
      const phases = between(250, { durationMs: 20_000, rate: 1500 });
      const [, surge, after] = await play({ seed, slots: 10, gateways, phases });
      assert.ok(goodput(surge, 20, 500) >= 0.95, `${goodput(surge, 20, 500)}`);
      for (const good of surge.goodBy) assert.ok(good >= least * surge.good, `${good} of ${surge.good}`);
      assert.ok(recoveryMs(after) <= 2000);
    }
  });

  each("serves the critical fifth of three times the capacity", async (seed) => {
    const kinds: Kind[] = [
      { share: 0.2, serviceMs: 20, priority: "critical" },
      { share: 0.8, serviceMs: 20 },
    ];
    const [, surge] = await play({ seed, slots: 10, phases: between(250, { durationMs: 6000, rate: 1500, kinds }) });
    const [critical] = surge.kinds;
    assert.ok(critical !== undefined && critical.good >= 0.99 * critical.offered, JSON.stringify(critical));
  });
});

describe("a knee limit before an upstream of forty slots and two kinds of requests", () => {
  /** So many of them fast. */
  const mix = (share: number, fastMs: number, slowMs: number): Kind[] => [
    { share, serviceMs: fastMs },
    { share: 1 - share, serviceMs: slowMs },
  ];
  const capacity = (kinds: readonly Kind[]): number =>
    40_000 / kinds.reduce((sum, kind) => sum + kind.share * kind.serviceMs, 0);

  each("sheds hardly anything when the mix moves from the fast to the slow", async (seed) => {
    const [fast, slow] = [mix(0.8, 5, 100), mix(0.2, 5, 100)];
    const before = { durationMs: 5000, rate: 0.5 * capacity(fast), kinds: fast };
    const phases = [before, { durationMs: 10_000, rate: 0.8 * capacity(slow), kinds: slow }, before];
    const [, shifted] = await play({ seed, slots: 40, phases });
    // A window's median jumps between 5 and 100 ms there: one seed in ten needs half a second more to see through it.
    assert.ok(lostLater(shifted) <= 0.05, `${lostLater(shifted)}`);
  });

  each("keeps the goodput of both at three times the capacity", async (seed) => {
    const kinds = mix(0.5, 5, 100);
    const before = { durationMs: 5000, rate: 0.5 * capacity(kinds), kinds };
    const phases = [before, { durationMs: 10_000, rate: 3 * capacity(kinds), kinds }, before];
    const [, surge] = await play({ seed, slots: 40, phases });
    assert.ok(goodput(surge, 10, capacity(kinds)) >= 0.9, `${goodput(surge, 10, capacity(kinds))}`);
    for (const { good, offered } of surge.kinds) assert.ok(good >= 0.28 * offered, `${good} of ${offered}`);
  });

  each("does not strangle a service that is slower than the slo by itself", async (seed) => {
    const kinds: Kind[] = [{ share: 1, serviceMs: 1000 }];
    const before = { durationMs: 8000, rate: 20, kinds };
    const phases = [before, { durationMs: 15_000, rate: 24, kinds }, before];
    const [, busy] = await play({ seed, slots: 40, patienceMs: 10_000, phases });
    assert.ok(goodput(busy, 15, 24) >= 0.6, `${goodput(busy, 15, 24)}`);
  });
});
