import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import type { BenchmarkResults } from "../../../load-tests/peers/benchmark/results.ts";

const program = fileURLToPath(new URL("../../../load-tests/peers/benchmark.ts", import.meta.url));
const shortest = ["--subjects", "gateway", "--workloads", "get", "--connections", "4", "--rounds", "1", "--slice"];

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, said, exited: once(child, "exit").then(([code]) => code as number | null) };
}

describe("npm run benchmark", () => {
  // A slice this short proves nothing: what is looked at is that all of it works.
  test("measures the gateway, and leaves results, tables and chart", async (t) => {
    const output = mkdtempSync(join(tmpdir(), "benchmark-results-"));
    t.after(() => rmSync(output, { recursive: true, force: true }));
    const { said, exited } = start(...shortest, "100", "--output", output);
    const [code, [stdout, stderr]] = await Promise.all([exited, said]);
    assert.equal(stderr, "");
    assert.equal(code, 0, stdout);
    const { cells, subjects } = JSON.parse(readFileSync(join(output, "results.json"), "utf8")) as BenchmarkResults;
    assert.deepEqual(
      subjects.map(({ name }) => name),
      ["gateway"],
    );
    const figures = cells[0]?.figures[0];
    assert.equal(figures?.errors, 0);
    assert.ok((figures.perSecond?.median ?? 0) > 0);
    assert.match(stdout, /Refusals and errors: 0/);
    assert.match(readFileSync(join(output, "tables.md"), "utf8"), /\| gateway \|/);
    assert.match(readFileSync(join(output, "chart.svg"), "utf8"), /^<svg /);
  });

  test("answers a wrong command line with 2 and what was meant", async () => {
    const { said, exited } = start("--workload", "get");
    assert.equal(await exited, 2);
    assert.match((await said)[1], /did you mean --workloads\?/);
  });

  test("stops on an interrupt with 130, and leaves no file", async (t) => {
    const output = join(tmpdir(), `benchmark-interrupted-${process.pid}`);
    const { child, said, exited } = start(...shortest, "60000", "--output", output);
    t.after(() => child.kill("SIGKILL"));
    // By the first line of its progress, the gateway stands and is loaded.
    await once(child.stdout, "data");
    child.kill("SIGINT");
    assert.equal(await exited, 130);
    assert.equal((await said)[1], "");
    assert.ok(!existsSync(output));
  });
});
