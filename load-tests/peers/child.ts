import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Child extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** What else it said in the line that told its port. */
  readonly announced: Readonly<Record<string, unknown>>;
  /** CPU time spent so far, user and system, in microseconds. */
  cpuMicroseconds(): number;
  stop(): Promise<void>;
}

/** Linux counts process times in ticks of 10 ms (USER_HZ), whatever the kernel's own. */
const microsecondsPerTick = 10_000;
const bytesPerPage = 4096;

/** Those that stand. The driver's own end, however it comes, is theirs. */
const living = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Starts a server on this very node, and waits until it says where it listens. What it prints further is read away. */
export async function startChild(name: string, args: readonly string[], environment = {}): Promise<Child> {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  living.add(child);
  child.once("exit", () => living.delete(child));
  // It may end before its input does.
  child.stdin.on("error", () => {});
  const announced = await announcement(name, child);
  const pid = child.pid ?? 0;
  return {
    name,
    pid,
    port: Number(announced["port"]),
    announced,
    cpuMicroseconds: () => cpuMicrosecondsOf(pid),
    stop: () => stop(child),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

async function announcement(name: string, child: ChildProcess): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = child;
  if (stdout === null) throw new Error(`${name} has no stdout`);
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const lines = createInterface({ input: stdout });
  lines.on("line", (line) => {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (entry["event"] !== "listening" || entry["port"] === undefined) return;
    resolve(entry);
    lines.removeAllListeners("line");
    lines.close();
    stdout.resume();
  });
  child.once("exit", () => reject(new Error(`${name} ended before it listened`)));
  return promise;
}

/** Fields 14 and 15 of /proc/PID/stat, counted after the command's name, which may hold spaces. */
export function cpuMicrosecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}

/** Resident memory: field 2 of /proc/PID/statm, in pages. */
export function residentBytesOf(pid: number): number {
  const [, resident] = readFileSync(`/proc/${pid}/statm`, "latin1").split(" ");
  return Number(resident) * bytesPerPage;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
