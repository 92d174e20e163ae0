import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Slice } from "../../../load-tests/peers/benchmark/slice.ts";

import { figuresOf } from "../../../load-tests/peers/benchmark/figures.ts";
import { durationMsOf, livesOf, orderOf, planOf, stepsOf } from "../../../load-tests/peers/benchmark/plan.ts";
import { parseStat, sumOfTree } from "../../../load-tests/peers/benchmark/process-tree.ts";
import { median, percentiles, ratioOf, spreadOf } from "../../../load-tests/peers/benchmark/statistics.ts";

function slice(cpuMicroseconds: number, answers: number, errors = 0): Slice {
  const messages = errors > 0 ? ["reset"] : [];
  return { cpuMicroseconds, wallMs: 1000, answers, events: 0, latencyMs: { p50: 1, p99: 2 }, errors, messages };
}

describe("statistics", () => {
  test("median is the middle value, or the mean of the two in the middle", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  test("a spread has least and most, and is absent without values", () => {
    assert.deepEqual(spreadOf([5, 1, 3]), { median: 3, least: 1, most: 5 });
    assert.equal(spreadOf([]), undefined);
  });

  test("percentiles are values that occurred", () => {
    const values = Float64Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(percentiles(values, [0.5, 0.99, 1]), [50, 99, 100]);
    assert.deepEqual(percentiles(Float64Array.of(7), [0.5, 0.99]), [7, 7]);
  });

  test("a ratio is that of the same rounds, those that one lacks left out", () => {
    assert.equal(ratioOf([10, 40, 30], [5, 20, 10]), 2);
    assert.equal(ratioOf([10, undefined, 30], [5, 1, undefined]), 2);
    assert.ok(Number.isNaN(ratioOf([1], [undefined])));
  });
});

describe("figures of a cell", () => {
  test("are medians over the rounds, with ratios within them; errors of the warm-up count", () => {
    const [gateway, nginx] = figuresOf(
      [
        {
          subject: "gateway",
          warmUps: [slice(1, 1, 2)],
          rounds: [slice(60_000, 1000), slice(50_000, 1000), slice(70_000, 1000)],
        },
        {
          subject: "nginx",
          warmUps: [slice(1, 1)],
          rounds: [slice(20_000, 1000), slice(10_000, 1000), slice(35_000, 1000)],
        },
      ],
      "request",
    );
    assert.deepEqual(gateway?.cpuMicroseconds, { median: 60, least: 50, most: 70 });
    assert.deepEqual(gateway.ratios, { nginx: 3 });
    assert.equal(gateway.busy, 0.06);
    assert.deepEqual([gateway.errors, gateway.messages], [2, ["reset"]]);
    assert.deepEqual([nginx?.ratios, nginx?.errors], [{}, 0]);
  });

  test("have ratios to the gateway of another checkout", () => {
    const [gateway] = figuresOf(
      [
        { subject: "gateway", warmUps: [slice(1, 1)], rounds: [slice(9000, 1000)] },
        { subject: "gateway@abc1234", warmUps: [slice(1, 1)], rounds: [slice(10_000, 1000)] },
      ],
      "request",
    );
    assert.deepEqual(gateway?.ratios, { "gateway@abc1234": 0.9 });
  });

  test("has no figures where nothing was answered", () => {
    const [one] = figuresOf([{ subject: "gateway", warmUps: [slice(1, 0, 1)], rounds: [slice(1, 0, 1)] }], "request");
    assert.deepEqual([one?.cpuMicroseconds, one?.errors], [undefined, 2]);
  });
});

describe("the plan", () => {
  const subjects = [{ kind: "gateway" }, { kind: "http-proxy" }, { kind: "nginx" }] as const;

  test("has a cell for each number of connections of the GET, and for a refusal only who can refuse", () => {
    const plan = planOf({ workloads: ["get", "rejected", "shed"], connections: [1, 64] }, subjects);
    assert.deepEqual(
      plan.map((cell) => [cell.workload.name, cell.connections, cell.subjects.map(({ kind }) => kind).join()]),
      [
        ["get", 1, "gateway,http-proxy,nginx"],
        ["get", 64, "gateway,http-proxy,nginx"],
        ["rejected", 64, "gateway"],
        ["shed", 64, "gateway,nginx"],
      ],
    );
  });

  test("leaves a cell out that nobody can do", () => {
    assert.deepEqual(planOf({ workloads: ["rejected"], connections: [1] }, [{ kind: "haproxy" }]), []);
  });

  test("counts stretched slices in its duration", () => {
    const times = { rounds: 2, sliceMs: 1000, warmUpMs: 1000, isFresh: false };
    const once = durationMsOf([{ workload: {}, subjects: [1, 2] }], times);
    assert.equal(durationMsOf([{ workload: { stretch: 3 }, subjects: [1, 2] }], times) - once, 8000);
  });

  test("warms up once, or in each round where that has processes of its own", () => {
    const plan = [{ workload: {}, subjects: [1, 2] }];
    const times = { rounds: 3, sliceMs: 1000, warmUpMs: 1000 };
    assert.deepEqual(livesOf({ rounds: 3, isFresh: false }), [[0, 1, 2]]);
    assert.deepEqual(livesOf({ rounds: 3, isFresh: true }), [[0], [1], [2]]);
    assert.equal(stepsOf(plan, { ...times, isFresh: false }), 2 * 4 + 2);
    assert.equal(stepsOf(plan, { ...times, isFresh: true }), 2 * 6 + 6);
  });

  test("every round begins with another subject, and every second runs backwards", () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((round) => orderOf(["a", "b", "c"], round).join("")),
      ["abc", "acb", "cab", "cba"],
    );
  });
});

describe("CPU time of a process tree", () => {
  test("is read behind a name with spaces and parentheses", () => {
    const stat = `42 (a) b (c) S 7 42 42 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 1 0 5 6 7`;
    assert.deepEqual(parseStat(stat), { pid: 42, parentPid: 7, cpuMicroseconds: 420_000 });
  });

  test("is that of the process and all its descendants", () => {
    const processes = [
      { pid: 1, parentPid: 0, cpuMicroseconds: 1000 },
      { pid: 2, parentPid: 1, cpuMicroseconds: 200 },
      { pid: 3, parentPid: 2, cpuMicroseconds: 30 },
      { pid: 4, parentPid: 9, cpuMicroseconds: 4 },
    ];
    assert.equal(sumOfTree(1, processes), 1230);
    assert.equal(sumOfTree(5, processes), 0);
  });
});
