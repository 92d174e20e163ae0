import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

import { listSources, root } from "./source.ts";

// Loaded alone, main.ts would read the command line.
const modules = listSources(["gateway"], /\.ts$/).filter(({ path }) => path !== "gateway/main.ts");

test("every module of gateway/ can be loaded, and loading starts nothing that keeps the process alive", async () => {
  for (const { path } of modules) await import(pathToFileURL(join(root, path)).href);
  const kept = process.getActiveResourcesInfo().filter((kind) => /Server|Timeout|Immediate|TCP|FSEvent/.test(kind));
  assert.deepEqual(kept, []);
});
