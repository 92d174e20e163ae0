/**
 * Writes the pages and the editor's schema that are made from the code's tables. With `--check` it writes nothing
 * and exits 1, naming the files that are stale.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

import { editorSchema } from "../gateway/config/editor-schema.ts";
import { configurationReference } from "../gateway/config/reference.ts";
import { failureReference } from "../gateway/failures/describe.ts";
import { publishedSchema } from "../load-tests/report/results.ts";
import { wireRuleReference } from "./wire-rules.ts";

const pages: Readonly<Record<string, () => string>> = {
  "docs/configuration.md": configurationReference,
  "docs/failures.md": failureReference,
  "docs/wire-rules.md": wireRuleReference,
  "config/gateway.schema.json": () => `${JSON.stringify(editorSchema(), null, 2)}\n`,
  "load-tests/report/results.schema.json": () => `${JSON.stringify(publishedSchema(), null, 2)}\n`,
};

const stale = Object.entries(pages).filter(([name, make]) => {
  const file = new URL(`../${name}`, import.meta.url);
  const text = make();
  if (existsSync(file) && readFileSync(file, "utf8") === text) return false;
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  return true;
});

for (const [name] of stale) console.log(process.argv.includes("--check") ? `stale: ${name}` : `written: ${name}`);
if (process.argv.includes("--check") && stale.length > 0) process.exitCode = 1;
