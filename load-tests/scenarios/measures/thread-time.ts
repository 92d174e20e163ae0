import { existsSync, readFileSync } from "node:fs";

/** Linux counts process times in ticks of 10 ms (USER_HZ), whatever the kernel's own. */
const microsecondsPerTick = 10_000;

/** Why a thread's time cannot be read here, or undefined where it can. */
export function threadTimeIsMissing(): string | undefined {
  return existsSync("/proc/self/task") ? undefined : "needs /proc of Linux";
}

/**
 * CPU time of a process's main thread in microseconds, which is where Node runs JavaScript: the thread that is at its
 * end when the event loop is, whatever the others do.
 */
export function mainThreadMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, "latin1");
  // Counted after the command's name, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}

/** What came of some work, and for what share of its time the process's main thread worked meanwhile. */
export async function whileWorking<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; share: number }> {
  const [beganAtMs, before] = [performance.now(), mainThreadMicroseconds(pid)];
  const result = await work();
  const share = (mainThreadMicroseconds(pid) - before) / 1000 / (performance.now() - beganAtMs);
  return { result, share };
}
