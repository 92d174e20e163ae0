import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

// V8 reports a flag that it does not know on standard error, and goes on: a later one may have dropped it.
test("V8 knows the flag that the gateway sets", () => {
  const main = join(import.meta.dirname, "../../gateway/main.ts");
  const { status, stderr } = spawnSync(process.execPath, [main, "failures"], { encoding: "utf8" });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});
