import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

import type { Draft } from "./draft.ts";
import type { Finding } from "./finding.ts";
import type { FileReference, Reading } from "./scalar.ts";
import type { Config } from "./schema.ts";
import type { FieldSchema } from "./schema/field.ts";
import type { Environment } from "./substitution.ts";

import { align } from "./align.ts";
import { ConfigDocument } from "./document.ts";
import { complete, freeze } from "./draft.ts";
import { compareFindings, formatFinding } from "./finding.ts";
import { readField } from "./read.ts";
import { checkRules } from "./rules.ts";
import { configSchema } from "./schema.ts";

export interface LoadOptions {
  readonly environment: Environment;
  /** Stands in for `name` where the file sets none. */
  readonly hostName: string;
}

export type LoadResult =
  | {
      /** Whole, resolved, deeply frozen. */
      readonly config: Config;
      readonly warnings: readonly Finding[];
      /** Timeouts that do not fit each other, see align.ts. Warnings as well, and told at every start. */
      readonly misalignments: readonly Finding[];
      /** Every file the configuration was made from, absolute: when one changes, it may load differently. */
      readonly files: readonly string[];
    }
  | { readonly findings: readonly Finding[]; readonly files: readonly string[] };

const maxFileBytes = 16 * 1024 * 1024;

/** Reads, checks and resolves a configuration file. All its faults are found at once, in the order of the file. */
export function loadConfig(file: string, options: LoadOptions): LoadResult {
  const source = readText(file);
  const ownPath = resolve(file);
  if ("fault" in source) {
    return {
      files: [ownPath],
      findings: [{ file, line: 0, column: 0, path: "", severity: "error", message: source.fault }],
    };
  }
  const document = new ConfigDocument(file, source.text);
  const files: FileReference[] = [];
  const base = dirname(ownPath);
  // A tree that was mended to be parsed at all would only give findings about the mending.
  const isSound = document.findings.length === 0;
  const draft = isSound ? read({ document, environment: options.environment, base, files }) : undefined;
  const findings = document.findings.toSorted(compareFindings);
  const sources = [ownPath, ...new Set(files.map((reference) => reference.file))];
  if (draft === undefined || findings.some(({ severity }) => severity === "error")) return { findings, files: sources };
  // Without an error nothing is missing from the draft: mandatory keys were there, the rest has its default.
  const config = freeze(complete(draft, options.hostName)) as Config;
  const misalignments = reportMisaligned(config, document);
  return { config, warnings: findings, misalignments, files: sources };
}

function reportMisaligned(config: Config, document: ConfigDocument): Finding[] {
  const others = document.findings.length;
  for (const { path, message, hint } of align(config, document)) {
    document.reportAt(path, message, { hint, severity: "warning" });
  }
  return document.findings.slice(others).toSorted(compareFindings);
}

function read(reading: Reading): Draft | undefined {
  const { document } = reading;
  const draft = readField(configSchema as unknown as FieldSchema, document.root, { path: [], reading }) as
    | Draft
    | undefined;
  if (draft === undefined) return undefined;
  checkRules(draft, document);
  for (const reference of reading.files) checkFile(reference, document);
  return draft;
}

function readText(file: string): { readonly text: string } | { readonly fault: string } {
  try {
    const status = statSync(file);
    if (!status.isFile()) return { fault: "is no file" };
    if (status.size > maxFileBytes) return { fault: "is larger than 16MiB" };
    return { text: readFileSync(file, "utf8") };
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})` };
  }
}

/** That a file the configuration names can be read; of a schema also that it is JSON or YAML. */
function checkFile({ file, path, isSchema }: FileReference, document: ConfigDocument): void {
  const source = readText(file);
  if ("fault" in source) {
    document.reportAt(path, `'${file}' ${source.fault}`);
    return;
  }
  if (!isSchema) return;
  const isNamedJson = file.endsWith(".json");
  // Which takes a fiftieth of the time that it takes to read the text as YAML.
  if (isNamedJson && isJson(source.text)) return;
  const [fault] = new ConfigDocument(file, source.text).findings;
  if (fault !== undefined) document.reportAt(path, `neither JSON nor YAML: ${formatFinding(fault)}`);
  else if (isNamedJson) document.reportAt(path, `'${file}' is YAML, but not JSON`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
