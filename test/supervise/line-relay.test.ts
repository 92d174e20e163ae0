import assert from "node:assert/strict";
import { test } from "node:test";

import { LineRelay } from "../../gateway/supervise/line-relay.ts";

test("a relay passes whole lines on, however they come, and keeps the half of one for itself", () => {
  const passed: string[] = [];
  const relay = new LineRelay((lines) => passed.push(lines));
  for (const text of ["on", "e\ntw", "o\nthree\nfo"]) relay.take(text);
  assert.deepEqual(passed, ["one\n", "two\nthree\n"]);
});

test("a relay gives up a line without an end", () => {
  const passed: string[] = [];
  const relay = new LineRelay((lines) => passed.push(lines));
  for (let n = 0; n < 3; n += 1) relay.take("x".repeat(500_000));
  relay.take("\nnext\n");
  assert.deepEqual(passed, ["\nnext\n"]);
});
