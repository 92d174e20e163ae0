import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The environment in which worker processes begin in half the time: what the first of them has compiled is there for
 * those that replace it. The folder is the primary's own, closed to others, and gone when it ends. Where there can be
 * none, workers begin as they would without.
 */
export function compileCacheEnvironment(): Readonly<Record<string, string>> {
  try {
    const folder = mkdtempSync(join(tmpdir(), "statuswise-compiled-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return { NODE_COMPILE_CACHE: folder };
  } catch {
    return {};
  }
}
