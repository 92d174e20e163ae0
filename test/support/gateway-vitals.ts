import assert from "node:assert/strict";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";

import type { GatewayProcess } from "./gateway-process.ts";
import type { LogLine } from "./log-lines.ts";

/** The process that was started, then its workers, where there are any. */
async function pidsOf({ pid, adminPort }: GatewayProcess): Promise<readonly number[]> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/status`);
  const { workers = [] } = (await response.json()) as { readonly workers?: ReadonlyArray<{ readonly pid: number }> };
  return [pid, ...workers.map((worker) => worker.pid)];
}

/** Sockets that a process holds: TCP, listening ones and channels to other processes included. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith("socket:");
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

/** Resident memory of all these processes, in MiB. */
export function residentMiB(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  return Math.round(kibibytes.reduce((sum, each) => sum + Number(each), 0) / 1024);
}

/** Processor time that all these processes have used, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  const ticks = pids.flatMap((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // Behind the name, which may hold anything: utime and stime are the 12th and 13th.
    return stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13)
      .map(Number);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

/** USER_HZ, which Linux has fixed for programs. */
const ticksPerSecond = 100;

/** Whether a line of the log tells of an exception that nobody expected, or of a process that ended. */
export function isFatal(line: LogLine): boolean {
  return (
    line["level"] === "fatal" ||
    line["event"] === "worker_lost" ||
    line["code"] === "internal" ||
    /uncaught/i.test(String(line["event"]))
  );
}

/** Notes the processes of a gateway; `assertWhole` fails unless the very same still run and nothing was thrown. */
export class GatewayVitals {
  readonly #gateway: GatewayProcess;
  readonly pids: readonly number[];
  /** Resolves once something is wrong. */
  readonly failed: Promise<unknown>;
  #exitCode: number | undefined;

  private constructor(gateway: GatewayProcess, pids: readonly number[]) {
    this.#gateway = gateway;
    this.pids = pids;
    this.failed = Promise.race([gateway.log.line(isFatal), this.#noteExit()]);
  }

  static async of(gateway: GatewayProcess): Promise<GatewayVitals> {
    return new GatewayVitals(gateway, await pidsOf(gateway));
  }

  async #noteExit(): Promise<void> {
    this.#exitCode = await this.#gateway.exited;
  }

  /** Neither ended nor replaced a worker, as far as is known already. */
  get isWhole(): boolean {
    return this.#exitCode === undefined && this.#gateway.errorText === "" && !this.#gateway.log.lines.some(isFatal);
  }

  async assertWhole(): Promise<void> {
    const { log } = this.#gateway;
    const pids = await this.#pidsNow();
    const context = this.#gateway.errorText.slice(0, 1000);
    assert.equal(this.#exitCode, undefined, `the process ended: ${context}`);
    assert.deepEqual(log.lines.filter(isFatal).slice(0, 3), [], context);
    assert.equal(context, "");
    assert.deepEqual(pids, this.pids, "no worker was replaced");
  }

  /** Where nobody answers, the process has ended or is about to. */
  async #pidsNow(): Promise<readonly number[]> {
    try {
      return await pidsOf(this.#gateway);
    } catch {
      await this.#gateway.exited;
      return [];
    }
  }
}
