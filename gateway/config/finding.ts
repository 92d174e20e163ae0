/** One fault or doubt in the configuration, with the place to mend it. */
export interface Finding {
  /** As the operator named it. */
  readonly file: string;
  /** From 1; 0 where the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** Such as `routes[1].timeout`; empty for the whole file. */
  readonly path: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** `gateway.yaml:12:5: routes[1].timout: unknown key; did you mean 'timeout'?` */
export function formatFinding(finding: Finding): string {
  const place = finding.line === 0 ? finding.file : `${finding.file}:${finding.line}:${finding.column}`;
  const parts = [place];
  if (finding.severity === "warning") parts.push("warning");
  if (finding.path !== "") parts.push(finding.path);
  parts.push(finding.hint === undefined ? finding.message : `${finding.message}; ${finding.hint}`);
  return parts.join(": ");
}

/** In the order of the file. */
export function compareFindings(a: Finding, b: Finding): number {
  return a.line - b.line || a.column - b.column;
}
