import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where package.json pins the npm proxies. */
const folder = join(import.meta.dirname, "..");

/** Version of an installed package, or undefined where it is not installed. */
export function installedVersion(name: string): string | undefined {
  try {
    const manifest = readFileSync(join(folder, "node_modules", name, "package.json"), "utf8");
    return (JSON.parse(manifest) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Whether every package is installed in the version that package.json pins. */
function areInstalled(): boolean {
  const manifest = readFileSync(join(folder, "package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as { dependencies: Readonly<Record<string, string>> };
  return Object.entries(dependencies).every(
    ([name, range]) => installedVersion(name) === range.replace(/^npm:.+@/, ""),
  );
}

/** Installs the npm proxies with `npm ci` if they are missing or of other versions, and says so. */
export function installPackages(say: (line: string) => void): void {
  if (areInstalled()) return;
  say("installing the npm proxies that are compared: npm ci in load-tests/peers");
  const { status, stderr, error } = spawnSync("npm", ["ci", "--ignore-scripts"], { cwd: folder, encoding: "utf8" });
  if (status !== 0) say(`npm ci failed: ${error?.message ?? stderr.trim().split("\n").slice(-3).join(" ")}`);
}
