import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

import { inTime } from "./within.ts";

const program = "python3";

/** Why tests with Python's HTTP clients cannot run here, for the `skip` of each; false where they can. */
export const pythonIsMissing: string | false =
  spawnSync(program, ["--version"]).status === 0 ? false : `${program} is not installed (apt-get install ${program})`;

/** Runs a script file with these arguments and resolves with what it wrote to standard output. */
export async function runPython(script: string, args: readonly string[], limitMs: number): Promise<string> {
  const child = spawn(program, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [output] = await inTime(limitMs, "end of the script", Promise.all([text(child.stdout), once(child, "exit")]));
    return output;
  } finally {
    child.kill("SIGKILL");
  }
}
