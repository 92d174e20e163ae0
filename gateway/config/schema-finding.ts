import { readFileSync } from "node:fs";

import type { Finding } from "./finding.ts";

import { ConfigDocument } from "./document.ts";

/** What the schema compiler has to say of a schema file. */
export interface SchemaRemark {
  /** Absolute. */
  readonly file: string;
  /** RFC 6901, `/properties/id`, also as a fragment, `#/properties/id`; empty for the whole file. */
  readonly pointer: string;
  readonly severity: Finding["severity"];
  readonly message: string;
}

/** A remark with its line and column, found by reading the file once more; without, where it cannot be read. */
export function placeRemark({ file, pointer, severity, message }: SchemaRemark): Finding {
  const text = readIfThere(file);
  const wherever = { file, line: 0, column: 0, path: pointer, severity, message };
  if (text === undefined) return wherever;
  const document = new ConfigDocument(file, text);
  const steps = pointer.replace(/^#/, "").split("/").slice(1);
  document.reportAt(
    steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")),
    message,
    { severity },
  );
  return document.findings.at(-1) ?? wherever;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
