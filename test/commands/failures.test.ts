import assert from "node:assert/strict";
import { test } from "node:test";

import { failures } from "../../gateway/commands/failures.ts";
import { failureCodes } from "../../gateway/failures/codes.ts";
import { failureTable } from "../../gateway/failures/table.ts";
import { paper } from "./paper.ts";

test("without a code it prints the map, one aligned line for each", () => {
  const page = paper();
  assert.equal(failures(undefined, page), 0);
  const [head = "", ...rest] = page.lines;
  const rows = rest.slice(0, failureCodes.length);
  const column = head.indexOf("STATUS");
  for (const [index, code] of failureCodes.entries()) {
    const row = rows[index] ?? "";
    assert.ok(row.startsWith(`${code} `), row);
    assert.equal(row.slice(column).split(" ", 1)[0], `${failureTable[code].status ?? "–"}`);
  }
});

test("every code is told in full, within 100 columns", () => {
  for (const code of failureCodes) {
    const page = paper();
    assert.equal(failures(code, page), 0);
    const text = page.lines.join(" ").replaceAll(/\s+/g, " ");
    assert.ok(page.lines[0]?.startsWith(`${code}  ${failureTable[code].title}`));
    assert.ok(text.includes(failureTable[code].reason), code);
    assert.ok(text.includes(failureTable[code].reference), code);
    assert.equal(text.includes("reserved nothing produces it yet"), failureTable[code].reserved, code);
    assert.deepEqual(
      page.lines.filter((line) => line.length > 100),
      [],
    );
  }
});

test("a 503 is told with its Retry-After, a 502 without", () => {
  const tells = (code: string): boolean => {
    const page = paper();
    failures(code, page);
    return page.lines.some((line) => line.includes("Retry-After"));
  };
  assert.deepEqual([tells("circuit_open"), tells("rate_limited"), tells("upstream_refused")], [true, true, false]);
});

test("an unknown code is exit 2 and names the nearest", () => {
  const page = paper();
  assert.equal(failures("upstream_refussed", page), 2);
  assert.deepEqual(page.lines, []);
  assert.deepEqual(page.errors, [
    "statuswise: no failure has the code 'upstream_refussed'; did you mean 'upstream_refused'?",
  ]);
});

test("a code near to none is told where to find them", () => {
  const page = paper();
  assert.equal(failures("constructor", page), 2);
  assert.deepEqual(page.errors, [
    "statuswise: no failure has the code 'constructor'; `statuswise failures` prints them all",
  ]);
});

test("colour is for terminals alone", () => {
  const [plain, coloured] = [paper(false), paper(true)];
  failures(undefined, plain);
  failures(undefined, coloured);
  assert.ok(!plain.lines.join("").includes("\u001B"));
  assert.ok(coloured.lines.join("").includes("\u001B[31m502"));
});
