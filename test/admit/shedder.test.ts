import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import type { Priority } from "../../gateway/exchange/exchange.ts";
import type { Second, Turn } from "./model-process.ts";

import { Failure } from "../../gateway/failures/failure.ts";
import { ModelProcess, standard } from "./model-process.ts";

const none = { sheddable: 0, normal: 0, critical: 0 };

/** Of so many times its capacity, what a process can serve that refuses the rest at this cost. */
function best(load: number, shedCost: number): number {
  return load <= 1 ? load : (1 - load * shedCost) / (1 - shedCost);
}

/** Good answers, as a share of what the process can serve at all. */
function goodput(model: ModelProcess, seconds: readonly Second[]): number {
  return seconds.reduce((sum, { good }) => sum + good, 0) / seconds.length / model.capacity;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((one, other) => one - other)[Math.ceil(share * values.length) - 1] ?? Number.NaN;
}

/** Two quiet seconds, eight at `load` and three quiet ones. */
function overloaded(load: number, shedCost: number, seed: number): ModelProcess {
  const model = new ModelProcess({ shedCost, seed });
  model.run(
    model.open([
      { load: 0.5, seconds: 2 },
      { load, seconds: 8 },
      { load: 0.3, seconds: 3 },
    ]),
  );
  return model;
}

for (const seed of [1, 2, 3]) {
  describe(`a process under an open loop, seed ${seed}`, () => {
    test("refuses nothing at 0.8 times its capacity", () => {
      assert.deepEqual(overloaded(0.8, 0.2, seed).refused, none);
    });

    for (const [load, shedCost] of [
      [1, 0.2],
      [1.2, 0.2],
      [2, 0.2],
      [3, 0.15],
      [5, 0.1],
    ] as const) {
      test(`keeps 0.95 of the best possible goodput at ${load} times its capacity`, () => {
        const model = overloaded(load, shedCost, seed);
        const ratio = goodput(model, model.seconds.slice(2, 10)) / best(load, shedCost);
        assert.ok(ratio >= 0.95, `${ratio.toFixed(2)} of it`);
      });
    }

    test("serves 99 % within 350 ms, and answers probes within 350 ms", () => {
      for (const [load, shedCost] of [
        [1.2, 0.2],
        [2, 0.1],
        [3, 0.05],
      ] as const) {
        const { latencies, probeWaits } = overloaded(load, shedCost, seed);
        assert.ok(percentile(latencies, 0.99) <= 350, `${percentile(latencies, 0.99).toFixed(0)} ms at ${load} ×`);
        assert.ok(Math.max(...probeWaits) <= 350, `${Math.max(...probeWaits).toFixed(0)} ms at ${load} ×`);
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
      model.run(
        model.open([
          { load: 0.6, seconds: 2 },
          { load: 8, seconds: 2 },
          { load: 0.6, seconds: 5 },
        ]),
      );
      const [after] = model.seconds.slice(6, 7);
      assert.equal(after?.good, after?.arrived);
    });
  });
}

const runs = { seed: 20_261_129, numRuns: 30 };
const shedCost = fc.double({ min: 0.02, max: 0.4, noNaN: true });
/** A crowd of clients: CPU time of one request, and how many of them take less than the patience together. */
const crowd = fc
  .record({
    serveMs: fc.double({ min: 0.05, max: 2, noNaN: true }),
    togetherMs: fc.double({ min: 20, max: 0.95 * standard.patience, noNaN: true }),
  })
  .map(({ serveMs, togetherMs }) => ({ serveMs, togetherMs, clients: Math.floor(togetherMs / serveMs) }));

describe("what is served within the patience is never refused", () => {
  test("a closed loop of any size, however dear a request is", () => {
    const property = fc.property(crowd, shedCost, ({ serveMs, clients }, cost) => {
      const model = new ModelProcess({ shedCost: cost, serveMs });
      model.run(model.crowd({ clients, ms: 2000 }));
      assert.deepEqual(model.refused, none);
    });
    fc.assert(property, runs);
  });

  test("bursts, one after the other, on top of half of the capacity", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 6 });
    const property = fc.property(crowd, gaps, ({ serveMs, togetherMs, clients }, gapsMs) => {
      const model = new ModelProcess({ shedCost: 0.2, serveMs });
      // Half of the time is the open loop's, and half of a turn: a burst of this size is over after its own time twice.
      let afterMs = 0;
      const bursts = gapsMs.map((gapMs) => model.burst(Math.floor(clients / 2), (afterMs += togetherMs + gapMs)));
      model.run(model.open([{ load: 0.5, seconds: 0.5 + afterMs / 1000 }]), ...bursts);
      assert.deepEqual(model.refused, none);
    });
    fc.assert(property, runs);
  });

  test("a closed loop that shares the CPU with other processes, and loses it from time to time", () => {
    const pauses = fc.array(fc.integer({ min: 10, max: 120 }), { maxLength: 10 });
    const cpuShare = fc.double({ min: 0.6, max: 1, noNaN: true });
    const property = fc.property(crowd, cpuShare, pauses, ({ serveMs, clients }, share, pausesMs) => {
      const model = new ModelProcess({
        shedCost: 0.2,
        serveMs,
        cpuShare: share,
        pauses: pausesMs.map((ms, place) => ({ at: 200 * (place + 1), ms })),
      });
      model.run(model.crowd({ clients, ms: 2000 }));
      assert.deepEqual(model.refused, none);
    });
    fc.assert(property, runs);
  });

  test("a crowd that comes two quiet seconds after an overload", () => {
    const property = fc.property(crowd, fc.integer({ min: 1, max: 4 }), ({ serveMs, clients }, seconds) => {
      const model = new ModelProcess({ shedCost: 0.1, serveMs: Math.max(0.2, serveMs) });
      model.run(model.open([{ load: 3, seconds }]));
      const { normal: during } = model.refused;
      model.run(model.open([{ load: 0.3, seconds: 2 }]));
      const { normal: before } = model.refused;
      model.run(model.crowd({ clients: Math.min(clients, 500), ms: 2000 }));
      assert.ok(during > 0);
      assert.equal(model.refused.normal, before);
    });
    fc.assert(property, { ...runs, numRuns: 10 });
  });
});

describe("an overload", () => {
  const overload = fc.record({
    load: fc.double({ min: 1.3, max: 5, noNaN: true }),
    serveMs: fc.double({ min: 0.2, max: 1.5, noNaN: true }),
    /** Of the CPU time, what refusals would take. */
    refusing: fc.double({ min: 0.02, max: 0.5, noNaN: true }),
    seed: fc.integer({ min: 1, max: 1000 }),
  });

  /** The turns from the first late one on, all of them in the first hold. */
  function turnsOf({
    load,
    serveMs,
    refusing,
    seed,
  }: {
    load: number;
    serveMs: number;
    refusing: number;
    seed: number;
  }) {
    const model = new ModelProcess({ shedCost: refusing / load, serveMs, seed, connections: 100_000 });
    model.run(
      model.open([
        { load: 0.5, seconds: 0.2 },
        { load, seconds: 2 },
      ]),
    );
    const first = model.loopTurns.findIndex(({ workedMs }) => workedMs >= standard.patience);
    return { model, turns: model.loopTurns.slice(first, first + 10) as [Turn, Turn, Turn, ...Turn[]] };
  }

  test("is refused in the first turn that is late, and held from the second late one on", () => {
    const property = fc.property(overload, (options) => {
      const { turns } = turnsOf(options);
      const [first, second] = turns;
      assert.ok(first.refused + second.refused > 0, "nothing refused in two turns");
      // What was admitted in the late turns is relayed in the two after them.
      const longestMs = Math.max(...turns.slice(4).map(({ workedMs }) => workedMs));
      assert.ok(longestMs <= standard.patience, `then a turn of ${longestMs.toFixed(0)} ms`);
    });
    fc.assert(property, runs);
  });

  test("keeps a probe waiting for two turns at most", () => {
    const property = fc.property(overload, (options) => {
      const { model } = turnsOf(options);
      const longestMs = Math.max(...model.loopTurns.map(({ workedMs }) => workedMs));
      assert.ok(Math.max(...model.probeWaits) <= 2 * longestMs);
      assert.ok(longestMs <= 2.5 * standard.patience, `a turn of ${longestMs.toFixed(0)} ms`);
    });
    fc.assert(property, runs);
  });

  test("that lasts is refused all the time but for one late turn after each hold", () => {
    const model = new ModelProcess({ shedCost: 0.1, seed: 4 });
    model.run(model.open([{ load: 2, seconds: 40 }]));
    const late = model.loopTurns.filter(({ workedMs }) => workedMs >= standard.patience);
    // Holds of 1, 2, 4, 8 and 16 s fit into 40 s.
    assert.ok(late.length >= 5 && late.length <= 7, `${late.length} late turns`);
  });

  test("of requests that are all critical is refused as well", () => {
    const model = new ModelProcess({ shedCost: 0.1, priorityOf: () => "critical" });
    model.run(model.open([{ load: 2, seconds: 8 }]));
    const longestMs = Math.max(...model.loopTurns.map(({ workedMs }) => workedMs));
    assert.ok(model.refused.critical > 0);
    assert.ok(longestMs <= 2.5 * standard.patience, `a turn of ${longestMs.toFixed(0)} ms`);
  });
});

test("refuses by the clock where the process has the CPU for less than a third of the time", () => {
  const model = new ModelProcess({ shedCost: 0.2, serveMs: 0.1, cpuShare: 0.15 });
  model.run(model.crowd({ clients: 1000, ms: 3000 }));
  assert.ok(model.refused.normal > 0);
});

test("a patience that is no longer than loopDelay.to refuses by loopDelay from the first turn on", () => {
  const model = new ModelProcess({ shedCost: 0.2, serveMs: 0.1, config: { ...standard, patience: 16 } });
  model.run(model.crowd({ clients: 1000, ms: 200 }));
  const first = model.loopTurns.find(({ workedMs }) => workedMs > 16);
  assert.ok(first !== undefined && first.refused > 0 && first.workedMs < 60, `${first?.workedMs}`);
});

test("refuses the sheddable first, and the critical last", () => {
  const priorityOf = (random: number): Priority => (random < 0.2 ? "critical" : random < 0.6 ? "normal" : "sheddable");
  const model = new ModelProcess({ shedCost: 0.1, priorityOf });
  model.run(
    model.open([
      { load: 0.5, seconds: 1 },
      { load: 2.5, seconds: 8 },
    ]),
  );
  const shareOf = (priority: Priority) => model.refused[priority] / (model.refused[priority] + model.served[priority]);
  assert.ok(shareOf("critical") < 0.01, `critical ${shareOf("critical")}`);
  assert.ok(shareOf("normal") > shareOf("critical") && shareOf("normal") < shareOf("sheddable"));
  assert.ok(shareOf("sheddable") > 0.85, `sheddable ${shareOf("sheddable")}`);
});

test("a full heap refuses a share that grows with it, and none once it is free", () => {
  const model = new ModelProcess({ shedCost: 0.2 });
  const pressureAt = (heapShare: number): number => {
    model.heapFull = heapShare;
    model.run(model.open([{ load: 0.2, seconds: 2 }]));
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
  model.run(model.open([{ load: 0.2, seconds: 2 }]));
  const refusal = model.shedder.admit("critical", model.clock.now());
  assert.ok(refusal instanceof Failure);
  assert.equal(refusal.code, "overloaded");
});

test("switched off by a reload it refuses nothing", () => {
  const model = new ModelProcess({ shedCost: 0.2 });
  model.heapFull = 1;
  model.run(model.open([{ load: 0.2, seconds: 2 }]));
  model.shedder.reconfigure({ ...standard, enabled: false });
  assert.equal(model.shedder.admit("sheddable", model.clock.now()), undefined);
  model.clock.advance(2000);
  assert.equal(model.shedder.view.pressure, 0);
});
