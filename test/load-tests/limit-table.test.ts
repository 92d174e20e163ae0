import assert from "node:assert/strict";
import { suite, test } from "node:test";

import type { LimitResult } from "../../load-tests/limits/limit-table.ts";

import { limitScenarios } from "../../load-tests/limits/limit-scenarios.ts";
import { limitTable } from "../../load-tests/limits/limit-table.ts";

const measures = limitScenarios.flatMap(({ thresholds }) => thresholds);

/** Good in every column, but for what is said otherwise by a column's title. */
function resultsOf(subject: string, otherwise: Readonly<Record<string, number | null>> = {}): LimitResult[] {
  return limitScenarios.map(({ thresholds }) => ({
    subject,
    setting: `setting of ${subject}`,
    thresholds: thresholds.map(({ says, title, isLowBest }) => {
      const other = otherwise[title];
      return { says, median: other === undefined ? (isLowBest ? 0 : 1) : other };
    }),
  }));
}

function cellOf(table: ReturnType<typeof limitTable>, row: string, column: string) {
  const cell = table.rows.find(({ name }) => name === row)?.cells[table.columns.indexOf(column) - 1];
  assert.ok(cell, `${row}, ${column}`);
  return cell;
}

suite("the table of limits", () => {
  test("what measures say is said once, so that a result belongs to one column", () => {
    assert.equal(new Set(measures.map(({ says }) => says)).size, measures.length);
    assert.equal(new Set(measures.map(({ title }) => title)).size, measures.length);
  });

  test("has a row for each subject and a column for each measure", () => {
    const table = limitTable([...resultsOf("knee"), ...resultsOf("fixed")]);
    assert.deepEqual(table.columns, ["limit", ...measures.map(({ title }) => title), "misses"]);
    assert.deepEqual(
      table.rows.map(({ name, setting, cells }) => [name, setting, cells.length]),
      [
        ["knee", "setting of knee", measures.length + 1],
        ["fixed", "setting of fixed", measures.length + 1],
      ],
    );
  });

  test("a subject that meets all demands misses nothing", () => {
    assert.deepEqual(cellOf(limitTable(resultsOf("knee")), "knee", "misses"), { text: "nothing", isMet: true });
  });

  test("a demand in comparison is one for a share of the best", () => {
    const results = [
      resultsOf("best"),
      resultsOf("close", { "3 ×, 10 slots": 0.95 }),
      resultsOf("far", { "3 ×, 10 slots": 0.94 }),
    ];
    const table = limitTable(results.flat());
    assert.deepEqual(cellOf(table, "best", "3 ×, 10 slots"), { text: "100.0 %", isBest: true, isMet: true });
    assert.deepEqual(cellOf(table, "close", "3 ×, 10 slots"), { text: "95.0 %", isMet: true });
    assert.deepEqual(cellOf(table, "far", "3 ×, 10 slots"), { text: "94.0 %", isMet: false });
    assert.equal(cellOf(table, "far", "misses").text, "3 ×, 10 slots");
  });

  test("an absolute demand holds for the best, too", () => {
    const table = limitTable(resultsOf("knee", { "8 × slower": 0.69, "two gateways": 0.9 }));
    assert.deepEqual(cellOf(table, "knee", "8 × slower"), { text: "69.0 %", isBest: true, isMet: false });
    assert.deepEqual(cellOf(table, "knee", "misses"), { text: "8 × slower; two gateways", isMet: false });
  });

  test("of times and sheds the lowest is best", () => {
    const table = limitTable([...resultsOf("slow", { "recovery, 3 ×": 2.25 }), ...resultsOf("knee")]);
    assert.deepEqual(cellOf(table, "knee", "recovery, 3 ×"), { text: "0.00 s", isBest: true, isMet: true });
    assert.deepEqual(cellOf(table, "slow", "recovery, 3 ×"), { text: "2.25 s", isMet: false });
  });

  test("who never recovers misses the demand, and is never the best", () => {
    const table = limitTable(resultsOf("fixed", { "recovery, 4 ×": null }));
    assert.deepEqual(cellOf(table, "fixed", "recovery, 4 ×"), { text: "never", isMet: false });
  });

  test("a measure without a demand is missed by nobody", () => {
    const table = limitTable([...resultsOf("knee"), ...resultsOf("none", { "p99 at 3 ×": 17 })]);
    assert.deepEqual(cellOf(table, "none", "p99 at 3 ×"), { text: "17.0 ×" });
    assert.equal(cellOf(table, "none", "misses").text, "nothing");
  });

  test("what was not measured is no success", () => {
    const table = limitTable(resultsOf("haproxy").slice(0, 2));
    assert.deepEqual(cellOf(table, "haproxy", "two gateways"), { text: "–" });
    assert.deepEqual(cellOf(table, "haproxy", "misses"), { text: "nothing of what was measured" });
  });
});
