import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { root } from "../architecture/source.ts";
import { stepEnvironment } from "./image.ts";

const run = promisify(execFile);

interface PackReport {
  readonly filename: string;
  readonly files: ReadonlyArray<{ readonly path: string }>;
}

describe("the packed package", () => {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-pack-"));
  const statuswise = join(folder, "node_modules/.bin/statuswise");
  let files: readonly string[] = [];

  before(async () => {
    const options = { env: stepEnvironment, timeout: 100_000 };
    const packed = await run("npm", ["pack", "--json", "--pack-destination", folder], { ...options, cwd: root });
    // An array in npm 11, an object by package name in later ones.
    const [report] = Object.values(JSON.parse(packed.stdout) as Record<string, PackReport>);
    assert.ok(report !== undefined);
    files = report.files.map((file) => file.path);
    writeFileSync(join(folder, "package.json"), '{ "private": true }');
    await run("npm", ["install", `./${report.filename}`], { ...options, cwd: folder });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("it holds compiled code, sample configs and documents, and no TypeScript", () => {
    for (const path of ["dist/gateway/main.js", "config/gateway.yaml", "LICENSE", "README.md", "CHANGELOG.md"]) {
      assert.ok(files.includes(path), path);
    }
    assert.deepEqual(
      files.filter((path) => path.endsWith(".ts") || path.startsWith("test/")),
      [],
    );
  });

  test("its command explains a failure", async () => {
    const { stdout } = await run(statuswise, ["failures", "upstream_refused"], { env: stepEnvironment });
    assert.match(stdout, /upstream_refused/);
    assert.match(stdout, /502/);
  });

  test("its command checks a config, here and with a fault", async () => {
    const config = join(folder, "node_modules/statuswise/config/gateway.yaml");
    await run(statuswise, ["check", "--config", config], { env: stepEnvironment });
    const broken = join(folder, "broken.yaml");
    writeFileSync(broken, `${readFileSync(config, "utf8")}\nlissten: {}\n`);
    await assert.rejects(run(statuswise, ["check", "--config", broken], { env: stepEnvironment }), { code: 2 });
  });
});
