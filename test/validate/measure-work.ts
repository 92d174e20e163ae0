import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";
import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { WorkExceeded } from "../../gateway/validate/work-meter.ts";
import { workCases } from "./work-cases.ts";

/** What became of a body, and for how long the loop computed: the median of five checks, parsing aside. */
export interface Measured {
  readonly verdict: string;
  readonly ms: number;
}

function measure(schema: object, text: string): Measured {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-work-"));
  const file = join(folder, "schema.json");
  writeFileSync(file, JSON.stringify(schema));
  const check = new SchemaCompiler([]).compile(file);
  rmSync(folder, { recursive: true });
  if (check === undefined) return { verdict: "not compiled", ms: 0 };
  const value: unknown = JSON.parse(text);
  let verdict = "";
  const taken = Array.from({ length: 5 }, () => {
    const before = process.threadCpuUsage();
    try {
      verdict = findErrors(check, value, text.length)[0]?.keyword ?? "valid";
    } catch (error) {
      if (!(error instanceof WorkExceeded)) throw error;
      verdict = "refused";
    }
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  });
  return { verdict, ms: taken.toSorted((a, b) => a - b)[2] ?? Infinity };
}

// Runs in a process of its own: the coverage of a test run makes generated code several times slower.
const results = Object.entries(workCases).map(([name, { schema, text }]) => [name, measure(schema, text())]);
process.stdout.write(JSON.stringify(Object.fromEntries(results)));
