import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Results, ScenarioResult } from "../../../load-tests/report/results.ts";
import type { ScenarioRun, Threshold } from "../../../load-tests/scenario.ts";

import { exitCodeOf, judge, judgeTrial, overallVerdict, unjudged } from "../../../load-tests/runner/judge.ts";
import { madeUpRun } from "../made-up-run.ts";

const noted: Threshold = {
  says: "noted",
  unit: "ratio",
  atLeast: 0.9,
  of: ({ notes }) => notes["noted"] ?? Number.NaN,
};

function runs(...values: readonly number[]): ScenarioRun[] {
  return values.map((value) =>
    madeUpRun([{ name: "all", seconds: 2, perSecond: 100 * value }], { notes: { noted: value } }),
  );
}

function trial(thresholds: readonly Threshold[], isReference = false) {
  const scenario = { number: 1, name: "made-up", question: "Is it?", thresholds };
  return { scenario, subject: { name: "statuswise", setting: "" }, isReference };
}

function invalid(run: ScenarioRun): ScenarioRun {
  return { ...run, load: { ...run.load, validity: { ...run.load.validity, isValid: false, reasons: ["late"] } } };
}

describe("a threshold", () => {
  test("is judged on the median of the runs", () => {
    const { values, median, isMet } = judge(noted, runs(0.2, 0.95, 0.91));
    assert.deepEqual([values, median, isMet], [[0.2, 0.95, 0.91], 0.91, true]);
    assert.equal(judge(noted, runs(0.2, 0.95, 0.1)).isMet, false);
    assert.equal(judge(noted, runs(0.8, 1)).median, 0.9);
  });

  test("counts what could not be measured as the worst, in either direction", () => {
    assert.deepEqual(judge(noted, runs(Number.NaN)), { ...judge(noted, runs(Number.NaN)), median: null, isMet: false });
    assert.equal(judge(noted, runs(Number.NaN, 0.95, 0.92)).median, 0.92);
    const most: Threshold = { says: "noted", unit: "s", atMost: 2, of: noted.of };
    assert.equal(judge(most, runs(Number.NaN, Infinity, 1)).isMet, false);
    assert.equal(judge(most, runs(1, Infinity, 1.5)).median, 1.5);
    assert.equal(judge(most, runs(-Infinity)).isMet, false);
  });

  test("meets its bounds where it equals them", () => {
    const both: Threshold = { says: "noted", unit: "ratio", atLeast: 0.95, atMost: 1.05, of: noted.of };
    assert.deepEqual(
      [0.94, 0.95, 1.05, 1.06].map((value) => judge(both, runs(value)).isMet),
      [false, true, true, false],
    );
  });
});

describe("a trial", () => {
  const always: Threshold = { says: "always", unit: "count", atMost: 0, of: () => 1 };

  test("fails by what is asked of every scenario, too; a reference is not asked it", () => {
    const own = judgeTrial(trial([noted]), runs(1), [always]);
    assert.deepEqual([own.verdict, own.thresholds.map(({ isAlways }) => isAlways)], ["failed", [false, true]]);
    const reference = judgeTrial(trial([noted], true), runs(1), [always]);
    assert.deepEqual([reference.verdict, reference.thresholds.length], ["passed", 1]);
  });

  test("is invalid where one run is, and says why once", () => {
    const [first, second] = runs(1, 1);
    assert.ok(first !== undefined && second !== undefined);
    const { verdict, reasons } = judgeTrial(trial([noted]), [invalid(first), invalid(second)], []);
    assert.deepEqual([verdict, reasons], ["invalid", ["late"]]);
  });

  test("shows the run whose goodput is the median", () => {
    const { notes, phases, series } = judgeTrial(trial([]), runs(3, 1, 2), []);
    assert.deepEqual([notes, phases[0]?.good, series?.good.length], [{ noted: 2 }, 400, 8]);
  });
});

describe("the verdict on all", () => {
  const of = (verdict: ScenarioResult["verdict"], isReference = false): ScenarioResult =>
    unjudged(trial([], isReference), verdict, []);
  const compared = (isMet: boolean): Results["comparisons"] => [
    {
      title: "",
      columns: [],
      rows: [
        { name: "knee", setting: "", cells: [{ text: "", isMet }] },
        { name: "other", setting: "", cells: [{ text: "", isMet: false }] },
      ],
    },
  ];
  const exitOf = (scenarios: readonly ScenarioResult[], comparisons: Results["comparisons"] = []): number =>
    exitCodeOf(overallVerdict({ scenarios: [...scenarios], comparisons }));

  test("is 0 where nothing failed, 1 where something did, 3 where something could not be measured", () => {
    assert.equal(exitOf([of("passed"), of("skipped")]), 0);
    assert.equal(exitOf([of("passed"), of("failed")]), 1);
    assert.equal(exitOf([of("failed"), of("invalid")]), 3);
  });

  test("does not depend on what is there for comparison, but on the own row of a table", () => {
    assert.equal(exitOf([of("passed"), of("failed", true), of("invalid", true)]), 0);
    assert.equal(exitOf([of("passed")], compared(true)), 0);
    assert.equal(exitOf([of("passed")], compared(false)), 1);
  });
});
