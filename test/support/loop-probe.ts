/**
 * Loaded into a gateway's process (`node --import`), it watches the event loop from within: the longest time between
 * two turns, and how much of it the thread was computing. The latter is what the gateway did; the rest is a busy
 * machine. SIGUSR2 starts the count anew; at the process's end the figures go to the file that PROBE_FILE names.
 */
import { writeFileSync } from "node:fs";

export interface LoopFigures {
  readonly wallMs: number;
  readonly computingMs: number;
}

const file = process.env["PROBE_FILE"];
if (file !== undefined) watch(file);

function watch(path: string): void {
  let longest: LoopFigures = { wallMs: 0, computingMs: 0 };
  let turnedAt = performance.now();
  let used = computedMs();
  setInterval(() => {
    const now = performance.now();
    const usedNow = computedMs();
    const wallMs = Math.max(longest.wallMs, now - turnedAt);
    const computingMs = Math.max(longest.computingMs, Math.min(now - turnedAt, usedNow - used));
    longest = { wallMs, computingMs };
    turnedAt = now;
    used = usedNow;
  }, 1).unref();
  process.on("SIGUSR2", () => {
    longest = { wallMs: 0, computingMs: 0 };
  });
  process.on("exit", () => writeFileSync(path, JSON.stringify(longest)));
}

function computedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
