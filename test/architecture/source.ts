import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

export interface Source {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export const root = join(import.meta.dirname, "../..");

const outside = new Set([".git", "node_modules", "dist", "coverage"]);

/** Every file of the repository, or of the folders given, in path order; what is installed or built is left out. */
export function listSources(folders: readonly string[] = ["."], pattern = /./): readonly Source[] {
  return folders
    .flatMap((folder) => walk(join(root, folder)))
    .map((file) => relative(root, file).split(sep).join("/"))
    .filter((path) => pattern.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function walk(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (outside.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

const notCode = new RegExp(
  [
    String.raw`\/\/[^\n]*`, // line comment
    String.raw`\/\*[\s\S]*?\*\/`, // block comment
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`\x60(?:\\[\s\S]|[^\x60\\])*\x60`,
    String.raw`(?<=[(=,:!&|?{};\[]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*`, // regular expression
  ].join("|"),
  "g",
);

/** The code alone: comments, strings, templates and regular expressions are blanked, lines stay where they are. */
export function codeOf(text: string): string {
  return text.replaceAll(notCode, (match) => match.replaceAll(/[^\n]/g, " "));
}

/** The 1-based line of an offset. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** `path:line: what` for every match of the pattern in the text that `read` makes of each source. */
export function findMatches(sources: readonly Source[], pattern: RegExp, read: (text: string) => string): string[] {
  return sources.flatMap(({ path, text }) => {
    const seen = read(text);
    return [...seen.matchAll(pattern)].map((match) => `${path}:${lineOf(seen, match.index)}: ${match[0].trim()}`);
  });
}
