import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { boundOf, digits, eachMeasured, measured, share, timeSpan } from "../../../load-tests/report/figures.ts";
import { html } from "../../../load-tests/report/html.ts";

describe("figures", () => {
  test("have as many digits as mean something", () => {
    assert.deepEqual([12_400.4, 97.34, 3.456, 0, -0.001].map(digits), ["12,400", "97.3", "3.46", "0", "0"]);
  });

  test("are shares or factors as their bound is", () => {
    assert.equal(measured(0.987, { unit: "ratio", atLeast: 0.95 }), "98.7 %");
    assert.equal(measured(1.643, { unit: "ratio", atMost: 2 }), "1.64 ×");
    assert.equal(boundOf({ unit: "ratio", atLeast: 0.95, atMost: 1.05 }), "≥ 95 % and ≤ 105 %");
    assert.equal(boundOf({ unit: "ms", atMost: 110 }), "≤ 110 ms");
    assert.equal(measured(0, { unit: "count", atMost: 0 }), "0");
    assert.equal(measured(null, { unit: "s", atMost: 2 }), "none");
  });

  test("of several runs have their unit once, with the median", () => {
    assert.equal(eachMeasured([0.5, null, 0.25], { unit: "s", atMost: 2 }), "0.5 · none · 0.25");
  });

  test("tell little from nothing", () => {
    assert.deepEqual(
      [share(0, 10), share(1, 100_000), share(3, 1000), share(1, 2), share(0, 0)],
      ["0 %", "< 0.1 %", "0.3 %", "50 %", "–"],
    );
  });

  test("of time are in minutes from the first one on", () => {
    assert.deepEqual([42.4, 60, 78, 59.7].map(timeSpan), ["42 s", "1 min", "1 min 18 s", "1 min"]);
  });
});

describe("markup", () => {
  test("escapes texts and numbers, in attributes too, and keeps markup", () => {
    const { markup } = html`<p title="${`"'<&>`}">${"<b>"}${[html`<i>${1}</i>`, html`<i>2</i>`]}${undefined}</p>`;
    assert.equal(markup, '<p title="&quot;&#39;&lt;&amp;&gt;">&lt;b&gt;<i>1</i><i>2</i></p>');
  });
});
