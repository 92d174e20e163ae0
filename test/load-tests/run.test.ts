import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Ajv } from "ajv";

import type { Results } from "../../load-tests/report/results.ts";

import { exitCodeOf } from "../../load-tests/runner/judge.ts";

const program = fileURLToPath(new URL("../../load-tests/run.ts", import.meta.url));
const schema = new URL("../../load-tests/report/results.schema.json", import.meta.url);

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return { child, said, exited: once(child, "exit").then(([code]) => code as number | null) };
}

describe("npm run load-test", () => {
  // Phases this short prove nothing: what is looked at is that all of it works, whatever the verdict.
  test("runs a scenario, says what it found, and leaves results and report", async (t) => {
    const out = mkdtempSync(join(tmpdir(), "load-test-results-"));
    t.after(() => rmSync(out, { recursive: true, force: true }));
    const { said, exited } = start("--scenario", "latency-shift", "--quick", "--scale", "0.3", "--out", out);
    const [code, [stdout, stderr]] = await Promise.all([exited, said]);
    assert.equal(stderr, "");
    const results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Results;
    const validate = new Ajv({ strict: true }).compile(JSON.parse(readFileSync(schema, "utf8")) as object);
    assert.ok(validate(results), JSON.stringify(validate.errors));
    assert.equal(code, exitCodeOf(results.verdict));
    const [scenario] = results.scenarios;
    assert.equal(scenario?.name, "latency-shift");
    assert.deepEqual(
      scenario.phases.map(({ name }) => name),
      ["warm-up", "base", "shift", "shifted"],
    );
    assert.ok(scenario.phases.every(({ good }) => good > 0));
    assert.ok((scenario.series?.limit.length ?? 0) > 0);
    assert.ok(stdout.includes(join(out, "report.html")));
    assert.match(readFileSync(join(out, "report.html"), "utf8"), /latency-shift/);
  });

  test("answers a wrong command line with 2 and the name that was meant", async () => {
    const { said, exited } = start("--scenario", "swep");
    assert.equal(await exited, 2);
    assert.match((await said)[1], /no scenario 'swep'; did you mean 'sweep'\?/);
  });

  test("stops on an interrupt with 130, and leaves no file", async (t) => {
    const out = join(tmpdir(), `load-test-interrupted-${process.pid}`);
    const { child, said, exited } = start("--scenario", "latency-shift", "--out", out);
    t.after(() => child.kill("SIGKILL"));
    // By the first line that it writes, it listens to signals.
    await once(child.stdout, "data");
    child.kill("SIGINT");
    assert.equal(await exited, 130);
    assert.equal((await said)[1], "");
    assert.ok(!existsSync(out));
  });
});
