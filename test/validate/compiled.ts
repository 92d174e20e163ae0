import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";

import type { SchemaCheck } from "../../gateway/validate/schema-check.ts";

import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";

let folder = "";
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "statuswise-compiled-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Compiles a schema from a file of its own, as the gateway does at load; undefined where it cannot be compiled. */
export function tryCompile(schema: unknown): SchemaCheck | undefined {
  const file = join(folder, `schema-${++files}.json`);
  writeFileSync(file, JSON.stringify(schema));
  return new SchemaCompiler([]).compile(file);
}

export function compile(schema: unknown): SchemaCheck {
  const check = tryCompile(schema);
  if (check === undefined) throw new Error(`cannot be compiled: ${JSON.stringify(schema).slice(0, 500)}`);
  return check;
}
