import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { chartOf } from "../../../load-tests/peers/benchmark/chart.ts";
import { begin, end, errorsOf, pageWith } from "../../../load-tests/peers/benchmark/page.ts";
import { Progress } from "../../../load-tests/peers/benchmark/progress.ts";
import { markdownOf, tablesOf, textOf } from "../../../load-tests/peers/benchmark/tables.ts";
import { failedResults, madeUpResults } from "./made-up-results.ts";

describe("the benchmark's tables", () => {
  const [cost, overFastify, overNginx, rate, latency] = tablesOf(madeUpResults);

  test("have a row for each subject that was measured, and a column for each workload", () => {
    assert.deepEqual(cost?.columns, ["", "GET @1000", "GET shed @64"]);
    assert.deepEqual(cost.rows, [
      ["gateway", "50.0 (45.0 to 55.0)", "20.0 (18.0 to 22.0)"],
      ["@fastify/http-proxy", "100 (90.0 to 110)", "–"],
      ["nginx", "20.0 (18.0 to 22.0)", "5.00 (4.50 to 5.50)"],
    ]);
  });

  test("tell ratios, throughput and latency", () => {
    assert.deepEqual(overFastify?.rows[0], ["gateway", "0.50 ×", "–"]);
    assert.deepEqual(overNginx?.rows[2], ["nginx", "1", "1"]);
    assert.deepEqual(rate?.rows[0], ["gateway", "16,000 (80 %)", "40,000 (80 %)"]);
    assert.deepEqual(latency?.rows[0], ["gateway", "5.00 / 12.5", "2.00 / 5.00"]);
  });

  test("are aligned on a terminal, and Markdown in a file", () => {
    const table = {
      title: "Title",
      columns: ["", "a"],
      rows: [
        ["name", "12"],
        ["n", "–"],
      ],
    };
    assert.equal(textOf(table), "Title\n       a\nname  12\nn      –");
    assert.equal(markdownOf(table), "Title:\n\n|  | a |\n| --- | ---: |\n| name | 12 |\n| n | – |");
  });

  test("say in the cell that answers were wrong", () => {
    assert.match(tablesOf(failedResults)[0]?.rows[0]?.[1] ?? "", /\(7 errors\)$/);
    assert.match(errorsOf(failedResults), /gateway, GET @1000: 7 \('HTTP\/1\.1 503 x' in place of 200\)/);
    assert.match(errorsOf(madeUpResults), /errors: 0/);
  });
});

describe("the benchmark's chart", () => {
  const chart = chartOf(madeUpResults);

  test("has a panel for each workload and a bar for each figure, the gateway's of its own colour", () => {
    assert.equal(chart.match(/class="panel"/g)?.length, 2);
    assert.equal(chart.match(/<rect class="own"/g)?.length, 2);
    assert.equal(chart.match(/<rect class="other"/g)?.length, 3);
  });

  test("escapes text, follows a dark page, and asks for nothing from elsewhere", () => {
    assert.match(chart, /Made-up &lt;CPU&gt;/);
    assert.match(chart, /prefers-color-scheme: dark/);
    assert.doesNotMatch(chart, /href|url\(|<script/);
    assert.doesNotMatch(chart, /NaN|undefined|Infinity/);
  });

  test("is drawn where a subject answered nothing", () => {
    const [cell] = madeUpResults.cells;
    assert.ok(cell !== undefined);
    const mute = { subject: "nginx", ratios: {}, errors: 1, messages: ["reset"], rounds: [] };
    const figures = cell.figures.map((one) => (one.subject === "nginx" ? mute : one));
    const drawn = chartOf({ ...madeUpResults, cells: [{ ...cell, figures }] });
    assert.match(drawn, /nothing answered/);
    assert.doesNotMatch(drawn, /NaN/);
  });
});

describe("the page of results", () => {
  test("keeps what stands around the marks", () => {
    const page = pageWith(`before\n${begin}\nold\n${end}\nafter\n`, madeUpResults);
    assert.ok(page.startsWith("before\n") && page.endsWith(`${end}\nafter\n`));
    assert.doesNotMatch(page, /old/);
    assert.match(page, /Made-up <CPU>, 2 cores, 8\.0 GiB/);
    assert.match(page, /\| haproxy \| skipped: not installed: apt-get install haproxy \|/);
    assert.match(page, /5 rounds of 1500 ms/);
    assert.equal(pageWith(page, madeUpResults), page);
  });

  test("without marks is an error", () => {
    assert.throws(() => pageWith("text", madeUpResults), /lacks its marks/);
  });

  test("of this repository has its marks and its chart", () => {
    const page = readFileSync(new URL("../../../docs/performance.md", import.meta.url), "utf8");
    assert.match(pageWith(page, madeUpResults), /Made-up/);
    assert.match(readFileSync(new URL("../../../docs/performance.svg", import.meta.url), "utf8"), /^<svg /);
  });
});

describe("the benchmark's progress", () => {
  test("tells share, time left and what is measured, and takes its line away", () => {
    let nowMs = 0;
    const written: string[] = [];
    const progress = new Progress({ isTerminal: true, write: (text) => written.push(text) }, () => nowMs);
    progress.begin(4, 40_000);
    progress.step("GET");
    nowMs = 20_000;
    progress.step("POST");
    progress.end();
    assert.deepEqual(written, [
      "\r\u001B[K0 %, about 40 s left: GET",
      "\r\u001B[K25 %, about 30 s left: POST",
      "\r\u001B[K",
    ]);
  });
});
