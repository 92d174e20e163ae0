import { spawnSync } from "node:child_process";

/** Where a program may stand that only root's PATH names. */
const path = `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`;

/** A program of the system that need not be there. */
export interface Program {
  readonly name: string;
  /** Asks it for its version, and nothing else. */
  readonly versionFlag: string;
}

export const nginx: Program = { name: "nginx", versionFlag: "-v" };
export const haproxy: Program = { name: "haproxy", versionFlag: "-v" };

/** Its environment: the system's own, with the places of system programs on PATH. */
export function programEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: path };
}

/** Why it cannot be had here, or undefined. */
export function unmetProgram(program: Program): string | undefined {
  return versionOf(program) === undefined
    ? `${program.name} is not installed (on Debian: apt-get install ${program.name})`
    : undefined;
}

/** Such as `1.22.1`, or undefined where it is not installed. */
export function versionOf({ name, versionFlag }: Program): string | undefined {
  const { error, stdout, stderr } = spawnSync(name, [versionFlag], { env: programEnvironment(), encoding: "utf8" });
  if (error !== undefined) return undefined;
  return /\d+(?:\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? "unknown version";
}
