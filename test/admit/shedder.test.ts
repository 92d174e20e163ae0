import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Priority } from "../../gateway/exchange.ts";
import type { Second } from "./model-process.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { capacity, ModelProcess, standard } from "./model-process.ts";

/** Of so many times its capacity, what a process can serve that refuses the rest at this cost. */
function best(load: number, shedCost: number): number {
  return load <= 1 ? load : (1 - load * shedCost) / (1 - shedCost);
}

/** Good answers, as a share of what the process can serve at all. */
function goodput(seconds: readonly Second[]): number {
  return seconds.reduce((sum, { good }) => sum + good, 0) / seconds.length / capacity;
}

/** Two quiet seconds, eight at `load` and three quiet ones. */
function overloaded(load: number, shedCost: number, seed: number): ModelProcess {
  const model = new ModelProcess({ shedCost, seed });
  model.run([
    { load: 0.5, seconds: 2 },
    { load, seconds: 8 },
    { load: 0.3, seconds: 3 },
  ]);
  return model;
}

for (const seed of [1, 2, 3]) {
  describe(`a process under an open loop, seed ${seed}`, () => {
    test("refuses nothing at 0.8 times its capacity", () => {
      const { refused } = overloaded(0.8, 0.2, seed);
      assert.deepEqual(refused, { sheddable: 0, normal: 0, critical: 0 });
    });

    for (const [load, shedCost] of [
      [1, 0.2],
      [1.2, 0.2],
      [2, 0.2],
      [3, 0.15],
      [5, 0.1],
    ] as const) {
      test(`keeps 0.95 of the best possible goodput at ${load} times its capacity`, () => {
        const { seconds } = overloaded(load, shedCost, seed);
        const ratio = goodput(seconds.slice(4, 10)) / best(load, shedCost);
        assert.ok(ratio >= 0.95, `${ratio.toFixed(2)} of it`);
      });
    }

    test("lets nobody wait much longer than the bound", () => {
      for (const [load, shedCost] of [
        [2, 0.2],
        [5, 0.1],
      ] as const) {
        const { longestTurnMs } = overloaded(load, shedCost, seed);
        assert.ok(longestTurnMs < 2 * standard.loopDelay.to, `${longestTurnMs.toFixed(0)} ms`);
      }
    });

    test("refuses nothing any more two seconds after the load has gone", () => {
      for (const load of [2, 3, 5]) {
        const { seconds } = overloaded(load, 0.1, seed);
        assert.equal(seconds[12]?.shed, 0);
        assert.equal(seconds[12]?.good, seconds[12]?.arrived);
      }
    });

    test("serves all again two seconds after a spike of two", () => {
      const model = new ModelProcess({ shedCost: 0.1, seed });
      model.run([
        { load: 0.6, seconds: 2 },
        { load: 8, seconds: 2 },
        { load: 0.6, seconds: 5 },
      ]);
      const [after] = model.seconds.slice(6, 7);
      assert.equal(after?.good, after?.arrived);
    });
  });
}

test("callers who ask again at once, on few connections, are not refused: that would buy nothing", () => {
  for (const callers of [16, 38]) {
    const model = new ModelProcess({ shedCost: 0.2 });
    model.runClosed(callers, 5000);
    assert.equal(model.refused.normal, 0, `${callers} callers`);
  }
});

test("refuses the sheddable first, and the critical last", () => {
  const priorityOf = (random: number): Priority => (random < 0.2 ? "critical" : random < 0.6 ? "normal" : "sheddable");
  const model = new ModelProcess({ shedCost: 0.1, priorityOf });
  model.run([
    { load: 0.5, seconds: 1 },
    { load: 2.5, seconds: 8 },
  ]);
  const shareOf = (priority: Priority) => model.refused[priority] / (model.refused[priority] + model.served[priority]);
  assert.ok(shareOf("critical") < 0.01, `critical ${shareOf("critical")}`);
  assert.ok(shareOf("normal") > shareOf("critical") && shareOf("normal") < shareOf("sheddable"));
  assert.ok(shareOf("sheddable") > 0.85, `sheddable ${shareOf("sheddable")}`);
});

test("a full heap refuses a share that grows with it, and none once it is free", () => {
  const model = new ModelProcess({ shedCost: 0.2 });
  const pressureAt = (heapShare: number): number => {
    model.heapFull = heapShare;
    model.run([{ load: 0.2, seconds: 2 }]);
    return model.shedder.view.pressure;
  };
  assert.equal(pressureAt(0.9), 0);
  assert.ok(Math.abs(pressureAt(0.94) - 0.5) < 0.01);
  assert.equal(pressureAt(0.99), 1);
  assert.equal(pressureAt(0.5), 0);
});

test("every refusal is the failure overloaded", () => {
  const model = new ModelProcess({ shedCost: 0.2 });
  model.heapFull = 1;
  model.run([{ load: 0.2, seconds: 2 }]);
  assert.throws(
    () => model.shedder.admit("critical", model.clock.now()),
    (thrown) => thrown instanceof Failure && thrown.code === "overloaded",
  );
});

test("switched off by a reload it refuses nothing", () => {
  const model = new ModelProcess({ shedCost: 0.2 });
  model.heapFull = 1;
  model.run([{ load: 0.2, seconds: 2 }]);
  model.shedder.reconfigure({ ...standard, enabled: false });
  model.shedder.admit("sheddable", model.clock.now());
  model.clock.advance(2000);
  assert.equal(model.shedder.view.pressure, 0);
});
