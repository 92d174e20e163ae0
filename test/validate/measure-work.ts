import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SchemaCompiler } from "../../gateway/validate/schema-compiler.ts";
import { findErrors } from "../../gateway/validate/schema-errors.ts";
import { WorkExceeded } from "../../gateway/validate/work-meter.ts";
import { knownWork, slownessOf } from "../support/machine-pace.ts";
import { workCases } from "./work-cases.ts";

/** What became of a body, and for how long the loop computed: the mean of four checks behind a first, parsing aside. */
export interface Measured {
  readonly verdict: string;
  readonly ms: number;
  /** How many times as long known work took between the checks as on the machine of the bounds; never less than 1. */
  readonly slowness: number;
}

function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** A mean, since the kernel may account CPU time in steps of 4 to 16 ms: of single ones 0 and 16 are seen. */
const meanOf = (times: readonly number[]): number => times.reduce((sum, ms) => sum + ms, 0) / times.length;

function measure(schema: object, text: string): Measured {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-work-"));
  const file = join(folder, "schema.json");
  writeFileSync(file, JSON.stringify(schema));
  const check = new SchemaCompiler([]).compile(file);
  rmSync(folder, { recursive: true });
  if (check === undefined) return { verdict: "not compiled", ms: 0, slowness: 1 };
  const value: unknown = JSON.parse(text);
  let verdict = "";
  const checkIt = (): void => {
    try {
      verdict = findErrors(check, value, text.length)[0]?.keyword ?? "valid";
    } catch (error) {
      if (!(error instanceof WorkExceeded)) throw error;
      verdict = "refused";
    }
  };
  const taken = Array.from({ length: 5 }, () => ({ known: cpuMsOf(knownWork), ms: cpuMsOf(checkIt) })).slice(1);
  const slowness = slownessOf(meanOf(taken.map((one) => one.known)));
  return { verdict, ms: meanOf(taken.map(({ ms }) => ms)), slowness };
}

// Runs in a process of its own: the coverage of a test run makes generated code several times slower.
const results = Object.entries(workCases).map(([name, { schema, text }]) => [name, measure(schema, text())]);
process.stdout.write(JSON.stringify(Object.fromEntries(results)));
