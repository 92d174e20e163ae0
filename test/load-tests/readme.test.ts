import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { scenarios } from "../../load-tests/scenarios/scenarios.ts";

const readme = readFileSync(new URL("../../load-tests/README.md", import.meta.url), "utf8");

test("the load tests' README has every scenario, under its number", () => {
  for (const { number, name } of scenarios) {
    const rows = readme.split("\n").filter((line) => line.startsWith(`| ${number} | `));
    assert.ok(
      rows.some((row) => row.split(" | ", 2)[1]?.includes(`\`${name}\``)),
      `${number} ${name}`,
    );
  }
});
