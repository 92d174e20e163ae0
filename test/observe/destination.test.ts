import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { promisify } from "node:util";

import { asyncDestination } from "../../gateway/observe/destination.ts";
import { until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "statuswise-log-"));
let files = 0;

function newFile(): { path: string; descriptor: number } {
  files += 1;
  const path = join(folder, `${files}.log`);
  return { path, descriptor: openSync(path, "w") };
}

function numbersIn(text: string): number[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { line: number }).line);
}

const tenThousand = Array.from({ length: 10_000 }, (_, line) => line);

describe("the log's destination", () => {
  after(() => rmSync(folder, { recursive: true }));

  it("has written every line, in order, when it is closed", async () => {
    const { path, descriptor } = newFile();
    const destination = asyncDestination(descriptor);
    for (const line of tenThousand) destination.write(`${JSON.stringify({ line })}\n`);
    await destination.close();
    assert.deepEqual(numbersIn(readFileSync(path, "utf8")), tenThousand);
    assert.equal(destination.dropped, 0);
  });

  it("writes a single line soon, without being asked", { timeout: 5000 }, async () => {
    const { path, descriptor } = newFile();
    const destination = asyncDestination(descriptor);
    destination.write('{"line":0}\n');
    await until(() => readFileSync(path, "utf8") === '{"line":0}\n');
    await destination.close();
  });

  it("survives a reader that has gone, and counts what it can no longer write", async () => {
    const script = `
      import { once } from "node:events";
      import { asyncDestination } from "./gateway/observe/destination.ts";
      await once(process.stdin.resume(), "end");
      const destination = asyncDestination(1);
      const line = "x".repeat(9000) + "\\n";
      const writing = setInterval(async () => {
        destination.write(line);
        if (destination.dropped === 0) return;
        clearInterval(writing);
        await destination.close();
        process.stderr.write("survived");
      }, 1);`;
    const running = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
      cwd: join(import.meta.dirname, "../.."),
      timeout: 20_000,
    });
    running.child.stdout?.destroy();
    running.child.stdin?.end();
    const { stderr } = await running;
    assert.equal(stderr, "survived");
  });

  it("takes no line after it was closed, closes twice, and counts the rest", async () => {
    const { path, descriptor } = newFile();
    const destination = asyncDestination(descriptor);
    await destination.close();
    await destination.close();
    destination.write('{"line":0}\n');
    assert.equal(readFileSync(path, "utf8"), "");
    assert.equal(destination.dropped, 1);
  });

  it("drops and counts what a reader too slow would pile up", async () => {
    const { descriptor } = newFile();
    const destination = asyncDestination(descriptor);
    const line = `${"x".repeat(1024 * 1024 - 1)}\n`;
    for (let written = 0; written < 20; written += 1) destination.write(line);
    assert.equal(destination.dropped, 4);
    await destination.close();
  });
});
