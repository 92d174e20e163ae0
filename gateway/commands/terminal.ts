import type { LoadOptions } from "../config/load.ts";

/** Where a command writes. Each call is a line, or several, without the last line end. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** People look at it: colour may help. */
  readonly isTerminal: boolean;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/** The text in a style, where the terminal shows one. */
export function paint(text: string, style: keyof typeof codes, { isTerminal }: Pick<Terminal, "isTerminal">): string {
  return isTerminal ? `\u001B[${codes[style]}m${text}\u001B[0m` : text;
}

/** Rows as aligned columns; the last column is left as it is. */
export function columns(rows: ReadonlyArray<readonly string[]>): string[][] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))),
  );
}

/** Text broken into lines of at most `width` characters, between words. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** What a command that serves has of its process. */
export interface StartSurroundings extends Terminal, LoadOptions {
  /** Calls `stop` at each SIGTERM and SIGINT. */
  onSignal(stop: () => void): void;
  /** Calls `reload` at each SIGHUP. */
  onReload(reload: () => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}
