import { spawnSync } from "node:child_process";

/** Short commit of a checkout, with `+` if files that git knows differ from it; undefined outside of git. */
export function commitOf(folder: string): string | undefined {
  const commit = git(folder, "rev-parse", "--short", "HEAD");
  if (commit === undefined) return undefined;
  return git(folder, "status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}+`;
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", ["-C", folder, ...args], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
