import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stripVTControlCharacters } from "node:util";

import type { Screen } from "../../../load-tests/runner/screen.ts";
import type { Tick } from "../../../load-tests/stage/tick.ts";

import { Display } from "../../../load-tests/runner/display.ts";
import { lineOf } from "../../../load-tests/runner/screen.ts";
import { madeUpResults } from "../report/made-up-results.ts";

const escape = "\u001B";

function screen(options: Partial<Screen> = {}): Screen & { text: string } {
  return {
    text: "",
    isTerminal: false,
    hasColour: false,
    width: () => 80,
    ...options,
    write(text) {
      this.text += text;
    },
  };
}

function tick(atMs: number, phase: string, more: Partial<Tick> = {}): Tick {
  return { atMs, phase, offered: 1500, goodput: 498, shed: 1002, p99Ms: 92, limit: [14], ...more };
}

describe("on a terminal", () => {
  test("one line lives, cut to the terminal's width and coloured", () => {
    const narrow = screen({ isTerminal: true, hasColour: true, width: () => 42 });
    const display = new Display(narrow);
    display.begin("sweep");
    narrow.text = "";
    display.tick(tick(1000, "3x"));
    assert.ok(narrow.text.startsWith(`\r${escape}[2K`));
    assert.ok(narrow.text.includes(`${escape}[32m498${escape}[0m`));
    assert.ok(!narrow.text.includes("\n"));
    const shown = stripVTControlCharacters(narrow.text).replace("\r", "");
    assert.equal(shown, "sweep 1 s  3x  offered 1,500  goodput 498");
  });

  test("it is gone before anything else is written", () => {
    const wide = screen({ isTerminal: true });
    const display = new Display(wide);
    display.begin("sweep");
    display.tick(tick(1000, "3x"));
    wide.text = "";
    display.end();
    assert.equal(wide.text, `\r${escape}[2K`);
  });

  test("it has no colour where none is wanted", () => {
    const plain = screen({ isTerminal: true });
    const display = new Display(plain);
    display.tick(tick(1000, "3x"));
    assert.equal(stripVTControlCharacters(plain.text).split("\r").at(-1), plain.text.split("[2K").at(-1));
  });
});

describe("elsewhere", () => {
  test("each phase has a line as it ends: mean rates, the worst p99, the last limit", () => {
    const plain = screen();
    const display = new Display(plain);
    display.begin("sweep");
    display.tick(tick(1000, "1x", { goodput: 400, p99Ms: 50 }));
    display.tick(tick(2000, "1x", { goodput: 500, p99Ms: 90, limit: [20] }));
    display.tick(tick(3000, "3x", { limit: [] }));
    display.end();
    assert.deepEqual(plain.text.split("\n"), [
      "sweep",
      "          1x  offered 1,500  goodput 450  shed 1,002  p99 90 ms  limit 20",
      "          3x  offered 1,500  goodput 498  shed 1,002  p99 92 ms",
      "",
    ]);
  });

  test("a run that is repeated says so", () => {
    const plain = screen();
    const display = new Display(plain);
    display.begin("sweep");
    display.tick(tick(3000, "3x"));
    display.tick(tick(1000, "1x"));
    assert.match(plain.text, /3x .*\nsweep: once more/);
  });
});

test("the summary has every scenario, the headline and the files", () => {
  const plain = screen();
  const display = new Display(plain);
  for (const scenario of madeUpResults.scenarios) display.result(scenario);
  display.summary(madeUpResults, ["results.json"]);
  for (const { name } of madeUpResults.scenarios) assert.ok(plain.text.includes(`  ${name}`), name);
  assert.match(plain.text, /missed goodput at ×8 of what is left: 66 % \(≥ 70 %\)/);
  assert.match(plain.text, /Failed: 1 of 15 thresholds missed {2}4 min 14 s, 3 runs each\nresults\.json\n$/);
});

test("a line is cut where its width ends, colour codes not counted", () => {
  const pieces = [["abc", "red"], ["def"], ["ghi", "dim"]] as const;
  assert.equal(lineOf(pieces, { hasColour: false }, 5), "abcde");
  assert.equal(lineOf(pieces, { hasColour: true }, 5), `${escape}[31mabc${escape}[0mde`);
  assert.equal(lineOf(pieces, { hasColour: false }, 0), "");
});
