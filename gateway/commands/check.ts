import type { Finding } from "../config/finding.ts";
import type { LoadOptions, LoadResult } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Terminal } from "./terminal.ts";

import { formatMeasure } from "../config/duration.ts";
import { compareFindings, formatFinding } from "../config/finding.ts";
import { loadConfig } from "../config/load.ts";
import { placeRemark } from "../config/schema-finding.ts";
import { compileSchemas } from "../validate/schemas.ts";
import { columns, paint } from "./terminal.ts";

export interface CheckOptions {
  /** The configuration file. */
  readonly config: string;
  /** Warnings, too, make it fail. */
  readonly strict: boolean;
  /** One JSON object in place of lines for people. */
  readonly json: boolean;
}

export interface CheckSurroundings extends Terminal, LoadOptions {}

/** Checks a configuration and prints every finding. Answers the exit code: 0; 1 warnings under strict; 2 errors. */
export function check(options: CheckOptions, surroundings: CheckSurroundings): number {
  const result = loadConfig(options.config, surroundings);
  const config = "config" in result ? result.config : undefined;
  const remarks = config === undefined ? [] : compileSchemas(config).findings;
  const findings = [...findingsOf(result), ...remarks.map(placeRemark)];
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  if (options.json) surroundings.out(JSON.stringify({ file: options.config, errors, warnings, findings }, null, 2));
  else printReport(options.config, { findings, errors, warnings, config }, surroundings);
  if (errors > 0) return 2;
  return warnings > 0 && options.strict ? 1 : 0;
}

function findingsOf(result: LoadResult): readonly Finding[] {
  if (!("config" in result)) return result.findings;
  return [...result.warnings, ...result.misalignments].toSorted(compareFindings);
}

interface Report {
  readonly findings: readonly Finding[];
  readonly errors: number;
  readonly warnings: number;
  readonly config: Config | undefined;
}

function printReport(file: string, { findings, errors, warnings, config }: Report, terminal: Terminal): void {
  for (const finding of findings) {
    terminal.out(paint(formatFinding(finding), finding.severity === "error" ? "red" : "yellow", terminal));
  }
  if (findings.length > 0) terminal.out("");
  if (config !== undefined && errors === 0) printRoutes(config, terminal);
  const verdict = errors > 0 ? paint("refused", "red", terminal) : paint("sound", "green", terminal);
  terminal.out(`${file}: ${verdict}, ${count(errors, "error")}, ${count(warnings, "warning")}`);
}

function printRoutes({ routes }: Config, terminal: Terminal): void {
  const rows = routes.map(({ id, methods, hosts, path, upstream, timeout }) => {
    const places = (hosts ?? [""]).map((host) => `${host}${path}`).join(" ");
    return [id, methods?.join(",") ?? "any", places, upstream, formatMeasure("duration", timeout)];
  });
  const [head = [], ...body] = columns([["ROUTE", "METHODS", "PATH", "UPSTREAM", "TIMEOUT"], ...rows]);
  terminal.out(paint(head.join("  "), "bold", terminal));
  for (const [id = "", ...rest] of body) terminal.out([paint(id, "cyan", terminal), ...rest].join("  "));
  terminal.out("");
}

function count(amount: number, noun: string): string {
  return `${amount === 0 ? "no" : amount} ${noun}${amount === 1 ? "" : "s"}`;
}
