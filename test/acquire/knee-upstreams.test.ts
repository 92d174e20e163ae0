import assert from "node:assert/strict";
import { describe } from "node:test";

import { between, each, goodput, lostLater, play, runKnee } from "./knee-runs.ts";

describe("a knee limit before an upstream that answers 503", () => {
  each("sheds nothing where a tenth or three tenths are faults", async (seed) => {
    for (const faultShare of [0.1, 0.3]) {
      for (const rate of [250, 400]) {
        const [, faulty] = await play({
          seed,
          slots: 10,
          phases: between(rate, { durationMs: 6000, rate, faultShare }),
        });
        assert.ok(faulty.shed <= 0.01 * faulty.offered, `${faulty.shed} of ${faulty.offered}`);
      }
    }
  });

  each("keeps the goodput of one that sheds by itself what it has no room for, with no more permits", async (seed) => {
    for (const [slots, room] of [
      [10, 12],
      [10, 30],
      [40, 50],
    ] as const) {
      const phases = between(25 * slots, { durationMs: 4000, rate: 150 * slots });
      const [, surge] = await play({ seed, slots, room, phases });
      assert.ok(goodput(surge, 4, 50 * slots) >= 0.9, `${goodput(surge, 4, 50 * slots)} with room for ${room}`);
      const usual = surge.limits.toSorted((one, other) => one - other)[surge.limits.length >> 1] as number;
      assert.ok(usual >= slots && usual <= 4 * slots, `${usual} permits before ${slots} slots`);
    }
  });
});

describe("a knee limit before an upstream of another pace", () => {
  each("does not take a few milliseconds of the observer's own for a queue of a very fast one", async (seed) => {
    const kinds = [{ share: 1, serviceMs: 1 }];
    for (const load of [0.5, 0.8]) {
      const phases = [
        { durationMs: 2000, rate: 3000, kinds },
        { durationMs: 3000, rate: load * 10_000, kinds, noiseMs: 4 },
      ];
      const noisy = (await runKnee({ seed, slots: 10, phases })).at(-1);
      assert.ok(noisy !== undefined && lostLater(noisy) <= 0.01, `${noisy && lostLater(noisy)}`);
    }
  });

  each("gives a slow one the permits that it needs", async (seed) => {
    const kinds = [{ share: 1, serviceMs: 300 }];
    const phases = [
      { durationMs: 3000, rate: 60, kinds },
      { durationMs: 12_000, rate: 200, kinds },
    ];
    const busy = (await runKnee({ seed, slots: 100, patienceMs: 3000, phases })).at(-1);
    assert.ok(busy !== undefined && lostLater(busy) <= 0.05, `${busy && lostLater(busy)}`);
  });
});
