import type { Misalignment } from "../../gateway/config/alignment/inequality.ts";
import type { Draft } from "../../gateway/config/draft.ts";
import type { Config } from "../../gateway/config/schema.ts";
import type { FieldSchema } from "../../gateway/config/schema/field.ts";

import { align } from "../../gateway/config/align.ts";
import { ConfigDocument } from "../../gateway/config/document.ts";
import { complete } from "../../gateway/config/draft.ts";
import { formatFinding } from "../../gateway/config/finding.ts";
import { readField } from "../../gateway/config/read.ts";
import { configSchema } from "../../gateway/config/schema.ts";

/** A text as configuration and positions, read without a file system and without a look at what is supported. */
export function readText(text: string): { readonly config: Config; readonly document: ConfigDocument } {
  const document = new ConfigDocument("gateway.yaml", text);
  const reading = { document, environment: {}, base: "", files: [] };
  const draft = readField(configSchema as unknown as FieldSchema, document.root, { path: [], reading }) as Draft;
  if (document.findings.length > 0) throw new Error(document.findings.map(formatFinding).join("\n"));
  return { config: complete(draft, "host") as Config, document };
}

/** What align finds in a text, each finding as it is printed. */
export function alignText(text: string): string[] {
  const { config, document } = readText(text);
  for (const { path, message, hint } of align(config, document)) {
    document.reportAt(path, message, { hint, severity: "warning" });
  }
  return document.findings.map(formatFinding);
}

/** The configuration with the change that a hint asks for. */
export function mended(config: Config, { path, hint }: Misalignment, ms: number): Config {
  const copy = structuredClone(config);
  let block = copy as unknown as Record<string, unknown>;
  for (const step of path.slice(0, -1)) block = block[step] as Record<string, unknown>;
  const margin = hint.includes(" more than ") ? 1 : hint.includes(" less than ") ? -1 : 0;
  block[String(path.at(-1))] = ms + margin;
  return copy;
}
