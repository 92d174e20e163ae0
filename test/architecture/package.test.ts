import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";

import { listSources, root } from "./source.ts";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

const manifest = readManifest(".");

describe("the package", () => {
  for (const folder of [".", "load-tests/peers"]) {
    const { dependencies, devDependencies } = readManifest(folder);

    test(`every dependency of ${folder} is pinned exactly`, () => {
      const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
        ([, range]) => !/^(?:npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(range),
      );
      assert.deepEqual(ranges, []);
    });

    test(`the lock file of ${folder} names no place to download from, and fits the manifest`, () => {
      const lock = JSON.parse(readFileSync(join(root, folder, "package-lock.json"), "utf8")) as {
        packages: Record<string, Partial<Manifest> & { resolved?: string }>;
      };
      const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
      assert.deepEqual(resolved, []);
      assert.deepEqual(lock.packages[""]?.dependencies, dependencies);
      assert.deepEqual(lock.packages[""]?.devDependencies, devDependencies);
    });
  }

  test("scripts that start node replace their shell, so that signals reach it", () => {
    const shells = Object.entries(manifest.scripts).filter(([, script]) => script.startsWith("node "));
    assert.deepEqual(shells, []);
  });
});

describe("the documents", () => {
  test("generated documents are fresh", async () => {
    await promisify(execFile)(process.execPath, [join(root, "docs/generate.ts"), "--check"], { cwd: root });
  });

  test("every relative link leads somewhere", () => {
    const dead = listSources(["."], /\.md$/).flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
        .map((match) => match[1] ?? "")
        .filter((link) => !existsSync(join(root, dirname(path), link)))
        .map((link) => `${path}: ${link}`),
    );
    assert.deepEqual(dead, []);
  });

  test("the README's commands exist", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    for (const command of ["npm ci && npm start", "npm ci && npm test"]) assert.ok(readme.includes(command), command);
    const named = [...readme.matchAll(/npm run (?:-s )?([\w:-]+)/g)].map((match) => match[1] ?? "");
    assert.deepEqual(
      named.filter((name) => !(name in manifest.scripts)),
      [],
    );
  });
});
