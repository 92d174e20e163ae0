import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Child {
  readonly name: string;
  readonly port: number;
  /** CPU time spent so far, user and system, in microseconds. */
  cpuMicroseconds(): number;
  stop(): Promise<void>;
}

/** Linux counts process times in ticks of 10 ms (USER_HZ), whatever the kernel's own. */
const microsecondsPerTick = 10_000;

/** Starts a server on this very node, and waits until it says where it listens. What it prints further is read away. */
export async function startChild(name: string, args: readonly string[], environment = {}): Promise<Child> {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const port = await listeningPort(name, child);
  return { name, port, cpuMicroseconds: () => cpuMicrosecondsOf(child.pid ?? 0), stop: () => stop(child) };
}

async function listeningPort(name: string, child: ChildProcess): Promise<number> {
  const { stdout } = child;
  if (stdout === null) throw new Error(`${name} has no stdout`);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const lines = createInterface({ input: stdout });
  lines.on("line", (line) => {
    const entry = JSON.parse(line) as { event?: string; port?: number };
    if (entry.event !== "listening" || entry.port === undefined) return;
    resolve(entry.port);
    lines.removeAllListeners("line");
    lines.close();
    stdout.resume();
  });
  child.once("exit", () => reject(new Error(`${name} ended before it listened`)));
  return promise;
}

/** Fields 14 and 15 of /proc/PID/stat, counted after the command's name, which may hold spaces. */
function cpuMicrosecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
