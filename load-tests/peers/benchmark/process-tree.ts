import { readdirSync, readFileSync } from "node:fs";

/** Linux counts process times in ticks of 10 ms (USER_HZ), whatever the kernel's own. */
const microsecondsPerTick = 10_000;

interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  readonly cpuMicroseconds: number;
}

/**
 * CPU time of a process and its living descendants since their start, user and system, in microseconds, by /proc.
 * Steps of 10 ms. Processes that have ended do not count.
 */
export function treeCpuMicroseconds(pid: number): number {
  return sumOfTree(pid, readProcesses());
}

/** The same over a given list of processes. */
export function sumOfTree(pid: number, processes: readonly ProcessStat[]): number {
  const own = processes.find((one) => one.pid === pid)?.cpuMicroseconds ?? 0;
  const children = processes.filter((one) => one.parentPid === pid);
  return children.reduce((sum, child) => sum + sumOfTree(child.pid, processes), own);
}

function readProcesses(): readonly ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseStat(readFileSync(`/proc/${name}/stat`, "latin1"))];
      } catch {
        return []; // it ended after the folder was listed
      }
    });
}

/** Fields 1, 4, 14 and 15 of /proc/PID/stat; the command's name, field 2, may hold spaces and parentheses. */
export function parseStat(stat: string): ProcessStat {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { pid: Number.parseInt(stat, 10), parentPid: Number(fields[1]), cpuMicroseconds: ticks * microsecondsPerTick };
}
