import type { Terminal } from "../../gateway/commands/terminal.ts";

/** A terminal that keeps what is written. */
export interface Paper extends Terminal {
  readonly lines: string[];
  readonly errors: string[];
}

export function paper(isTerminal = false): Paper {
  const lines: string[] = [];
  const errors: string[] = [];
  return {
    lines,
    errors,
    isTerminal,
    out: (text) => lines.push(...text.split("\n")),
    error: (text) => errors.push(...text.split("\n")),
  };
}
