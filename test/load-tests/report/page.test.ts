import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { boundOf, measured } from "../../../load-tests/report/figures.ts";
import { reportPage } from "../../../load-tests/report/page.ts";
import { madeUpResults } from "./made-up-results.ts";

const page = reportPage(madeUpResults);
const own = madeUpResults.scenarios.filter(({ isReference }) => !isReference);
/** As gateway.ts writes text. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

describe("the report", () => {
  test("has every threshold with its figure, its bound and its verdict in a word", () => {
    for (const { thresholds } of own) {
      for (const one of thresholds.filter(({ isAlways }) => !isAlways)) {
        const row = page.slice(page.indexOf(`<th scope="row">${escaped(one.says)}</th>`)).split("</tr>", 1)[0] ?? "";
        assert.ok(row.includes(`>${measured(one.median, one)}<`), one.says);
        assert.ok(row.includes(`>${boundOf(one)}<`), one.says);
        assert.ok(row.includes(one.isMet ? "</span> met<" : "</span> missed<"), one.says);
      }
    }
  });

  test("tells what is asked of every scenario once, and in the scenario's own rows only where it is missed", () => {
    const rows = page.split('<th scope="row">answers 500</th>').length - 1;
    assert.equal(rows, 0);
    const [first, ...others] = own;
    assert.ok(first !== undefined);
    const thresholds = first.thresholds.map((one) => Object.assign({}, one, { isMet: !one.isAlways }));
    const missed = reportPage({ ...madeUpResults, scenarios: [{ ...first, thresholds }, ...others] });
    assert.ok(missed.includes('<th scope="row">answers 500</th>'));
  });

  test("needs nothing from outside, and no script", () => {
    assert.doesNotMatch(page, /<script|<link|<img|@import|url\(|\bsrc=|javascript:/i);
    for (const [, target] of page.matchAll(/\bhref="([^"]*)"/g)) assert.match(target ?? "", /^#/);
    assert.doesNotMatch(page, /https?:\/\//);
  });

  test("escapes what it was told", () => {
    assert.ok(page.includes("Made-up &lt;b&gt;CPU&lt;/b&gt;"));
    const hostile = `"><script>alert('1')</script>&`;
    const [first] = own;
    assert.ok(first !== undefined);
    const [phase] = first.phases;
    assert.ok(phase !== undefined);
    const scenario = {
      ...first,
      name: hostile,
      question: hostile,
      setting: hostile,
      phases: [{ ...phase, name: hostile }],
    };
    const told = { ...madeUpResults, command: hostile, machine: { [hostile]: hostile }, scenarios: [scenario] };
    assert.doesNotMatch(reportPage(told), /<script|alert\('1'\)/);
  });

  test("names and describes every drawing, by ids that are unique", () => {
    const ids = [...page.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    const drawing =
      /<svg class="chart"[^>]*aria-labelledby="([^"]+)"[^>]*>\s*<title id="([^"]+)">[^<]+<\/title>\s*<desc id="([^"]+)">[^<]+<\/desc>/g;
    const drawings = [...page.matchAll(drawing)];
    assert.equal(drawings.length, page.split('<svg class="chart"').length - 1);
    for (const [, labels, title, description] of drawings) assert.equal(labels, `${title} ${description}`);
  });

  test("draws the sweep, the rates, the latencies and the limit of a sweep with references, and puts no NaN into a path", () => {
    for (const title of [
      "Goodput against offered load",
      "Offered, goodput, shed",
      "Latency of good answers",
      "Limit, in flight, queued",
      "Goodput by subject",
    ]) {
      assert.ok(page.includes(`<strong>${title}</strong>`), title);
    }
    assert.doesNotMatch(page, /NaN|Infinity|undefined/);
  });

  test("does not link to a section that it does not have", () => {
    const ids = new Set([...page.matchAll(/\bid="([^"]+)"/g)].map(([, id = ""]) => id));
    for (const [, target = ""] of page.matchAll(/\bhref="#([^"]*)"/g)) assert.ok(ids.has(target), `#${target}`);
    assert.ok(page.includes("redis-server is not on the PATH"));
  });

  test("says of an invalid scenario why, and judges nothing by it", () => {
    const [first] = own;
    assert.ok(first !== undefined);
    const invalid = { ...first, verdict: "invalid" as const, reasons: ["the generator was late"] };
    const text = reportPage({ ...madeUpResults, verdict: "invalid", scenarios: [invalid] });
    assert.ok(text.includes("the generator was late"));
    assert.ok(text.includes("not judged"));
    assert.ok(text.includes("1 scenario of 1 could not be measured"));
  });

  test("is drawn where nothing could be measured at all", () => {
    const [first] = own;
    assert.ok(first !== undefined);
    const empty = { ...first, verdict: "invalid" as const, capacity: null, thresholds: [], phases: [], series: null };
    assert.match(reportPage({ ...madeUpResults, scenarios: [empty] }), /<\/html>\s*$/);
  });
});
