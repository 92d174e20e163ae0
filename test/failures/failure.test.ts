import assert from "node:assert/strict";
import { test } from "node:test";

import { Failure } from "../../gateway/failures/failure.ts";

const frames = ({ stack = "" }: Error): number => stack.split("\n").filter((line) => /^\s+at /.test(line)).length;

test("a failure has no stack to pay for, unless it is a bug's", () => {
  assert.equal(frames(new Failure("overloaded")), 0);
  assert.ok(frames(new Failure("internal")) > 0);
  assert.ok(frames(new Error("made afterwards")) > 0, "others are left as they were");
});

test("a failure keeps the stack of its cause", () => {
  const cause = new TypeError("a bug");
  assert.equal(new Failure("internal", { cause }).cause, cause);
  assert.ok(frames(cause) > 0);
});
