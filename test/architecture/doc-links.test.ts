import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, test } from "node:test";

import { listSources, root } from "./source.ts";

// Decisions and the changelog tell of what was.
const pages = listSources(["."], /^(?:README|CONTRIBUTING)\.md$|^docs\/[^/]+\.md$|^load-tests\/README\.md$/);

/** `](path)` of a page, without what is behind `#`; addresses of the web are not followed. */
function linksOf(text: string): readonly string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return targets.filter((target) => !/^[a-z]+:|^#/.test(target)).map((target) => target.replace(/#.*/, ""));
}

/** Paths in backquotes that begin at a folder of the repository and name one file. */
function filesOf(text: string): readonly string[] {
  const quoted = [...text.matchAll(/`((?:gateway|test|config|docs|load-tests)\/[\w./-]+\.\w+)`/g)];
  return quoted.map((match) => match[1] ?? "");
}

describe("the pages", () => {
  test("link to what exists", () => {
    assert.ok(pages.length >= 6);
    const dead = pages.flatMap(({ path, text }) =>
      linksOf(text)
        .filter((target) => !existsSync(join(root, normalize(join(dirname(path), target)))))
        .map((target) => `${path}: ${target}`),
    );
    assert.deepEqual(dead, []);
  });

  test("name files that exist", () => {
    const dead = pages.flatMap(({ path, text }) =>
      filesOf(text)
        .filter((file) => !existsSync(join(root, file)))
        .map((file) => `${path}: ${file}`),
    );
    assert.deepEqual(dead, []);
  });
});
