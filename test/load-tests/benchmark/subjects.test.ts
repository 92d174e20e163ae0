import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";

import { ProxyProcess } from "../../../load-tests/peers/benchmark/proxy-process.ts";
import { setStage } from "../../../load-tests/peers/benchmark/stage.ts";
import { subjects } from "../../../load-tests/peers/benchmark/subjects.ts";
import { expectedOf, workloads } from "../../../load-tests/peers/benchmark/workload.ts";

suite("subjects of the benchmark", () => {
  test("have names of their own", () => {
    assert.equal(new Set(subjects.map(({ name }) => name)).size, subjects.length);
  });

  for (const subject of subjects) {
    test(
      `${subject.name} answers every workload as expected`,
      { skip: subject.unmet() ?? false, timeout: 30_000 },
      async (t) => {
        const { signal } = new AbortController();
        await using stage = await setStage([subject], { say: (line) => t.diagnostic(line), signal });
        const [standing] = stage.standing;
        // Its Lua module is known to be missing only once NGINX has started.
        if (standing === undefined) return;
        const { port, pid } = standing.proxy;
        for (const workload of workloads) {
          const expected = expectedOf(workload, subject.kind);
          if (expected === undefined) continue;
          const request = workload.request.request.toString("latin1");
          const slice = await stage.driver.run({ port, pid, request, expected, connections: 2, durationMs: 1 }, signal);
          assert.deepEqual([slice.errors, slice.messages], [0, []], workload.title);
          assert.ok(slice.answers >= 2, workload.title);
        }
      },
    );
  }

  test("one that is not installed is skipped aloud, and recorded", async () => {
    const said: string[] = [];
    const { signal } = new AbortController();
    const [gateway] = subjects;
    assert.ok(gateway !== undefined);
    const absent = { ...gateway, name: "absent", unmet: () => "not installed: apt-get install absent" };
    await using stage = await setStage([absent], { say: (line) => said.push(line), signal });
    assert.deepEqual(said, ["skipped: absent (not installed: apt-get install absent)"]);
    assert.equal(stage.standing.length, 0);
    assert.equal(stage.records[0]?.skipped, "not installed: apt-get install absent");
  });

  test("one that ends at once says what it wrote", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "benchmark-subject-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const args = ["-e", "console.error('no such option'); process.exit(1)"];
    await assert.rejects(
      ProxyProcess.start({ program: process.execPath, args, folder }),
      /ended before it listened: no such option/,
    );
  });
});
