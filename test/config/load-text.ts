import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { LoadResult } from "../../gateway/config/load.ts";
import type { Config } from "../../gateway/config/schema.ts";

import { formatFinding } from "../../gateway/config/finding.ts";
import { loadConfig } from "../../gateway/config/load.ts";

export interface Beside {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Written beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly name?: string;
}

/** Loads a text as if it stood in a file; the folder is gone afterwards. */
export function loadText(
  text: string,
  { environment = {}, files = {}, name = "gateway.yaml" }: Beside = {},
): LoadResult {
  const folder = mkdtempSync(join(tmpdir(), "statuswise-config-"));
  try {
    for (const [file, content] of Object.entries({ ...files, [name]: text }))
      writeFileSync(join(folder, file), content);
    return loadConfig(join(folder, name), { environment, hostName: "test-host" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The findings as printed, from the base name of the file on. */
export function findingsOf(text: string, beside: Beside = {}): string[] {
  const result = loadText(text, beside);
  const findings = "config" in result ? result.warnings : result.findings;
  return findings.map((finding) => formatFinding(finding).replaceAll(/[^\s']*statuswise-config-\w+\//g, ""));
}

/** The configuration of a text that must be sound. */
export function configOf(text: string, beside: Beside = {}): Config {
  const result = loadText(text, beside);
  if ("config" in result) return result.config;
  throw new Error(result.findings.map(formatFinding).join("\n"));
}

/** One upstream and one route, to which a test adds what it is about. */
export const soundUpstreams = "upstreams: { orders: { targets: [http://127.0.0.1:9001] } }\n";
export const soundRoutes = "routes: [{ id: all, path: /*, upstream: orders }]\n";
export const sound = soundUpstreams + soundRoutes;
