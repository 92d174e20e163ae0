import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { connects } from "../connects.ts";
import { programEnvironment } from "../program.ts";

export interface ProxyCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it listens if it was told so; absent where it prints a line `{"event":"listening","port":…}`. */
  readonly port?: number;
  /** A folder of its own, for its log and its temporary files. */
  readonly folder: string;
  /** Default SIGKILL. NGINX's master takes its worker along by SIGTERM. */
  readonly stopSignal?: "SIGTERM" | "SIGKILL";
}

const startTimeoutMs = 10_000;
const stopTimeoutMs = 5_000;
const lookMs = 20;

/** One proxy under test as a child. Its standard output goes to a file, as an operator's would. */
export class ProxyProcess implements AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #command: ProxyCommand;

  private constructor(child: ChildProcess, port: number, command: ProxyCommand) {
    this.#child = child;
    this.#command = command;
    this.port = port;
    this.pid = child.pid ?? 0;
  }

  /** Throws an Error with the last that the program wrote if it does not listen within 10 s. */
  static async start(command: ProxyCommand): Promise<ProxyProcess> {
    const { program, args, environment, folder } = command;
    const [output = "", faults = ""] = logsOf(command);
    const files = [openSync(output, "a"), openSync(faults, "a")] as const;
    const env = { ...programEnvironment(), TMPDIR: folder, ...environment };
    const child = spawn(program, args, { cwd: folder, env, stdio: ["ignore", ...files] });
    for (const file of files) closeSync(file);
    stopWithUs(child, command);
    try {
      const port = await listening(child, command, output);
      return new ProxyProcess(child, port, command);
    } catch (error) {
      await stop(child, command);
      const said = `${readFileSync(faults, "utf8")}\n${readFileSync(output, "utf8")}`.trim().slice(-2_000);
      throw new Error(`${(error as Error).message}: ${said}`, { cause: error });
    }
  }

  /** Empties its log files, which it appends to, so that a long run does not fill the disk. */
  clearLogs(): void {
    for (const file of logsOf(this.#command)) {
      try {
        truncateSync(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#child, this.#command);
  }
}

/** What it prints, its errors, and the access log of a program that writes a file. */
function logsOf({ folder }: ProxyCommand): readonly string[] {
  return ["output.log", "faults.log", "access.log"].map((name) => join(folder, name));
}

/** If this process ends first, the child is ended, too. */
function stopWithUs(child: ChildProcess, { stopSignal = "SIGKILL" }: ProxyCommand): void {
  const end = (): void => void child.kill(stopSignal);
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}

async function listening(child: ChildProcess, { program, port }: ProxyCommand, output: string): Promise<number> {
  const spawned = Promise.withResolvers<never>();
  child.once("error", spawned.reject);
  spawned.promise.catch(() => {});
  const look = async (): Promise<number> => {
    const until = performance.now() + startTimeoutMs;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program} ended before it listened`);
      const found = port === undefined ? announcedPort(output) : (await connects(port)) && port;
      if (typeof found === "number") return found;
      if (performance.now() > until) throw new Error(`${program} did not listen within ${startTimeoutMs / 1000} s`);
      await delay(lookMs);
    }
  };
  return Promise.race([look(), spawned.promise]);
}

function announcedPort(file: string): number | undefined {
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((text) => text.includes('"event":"listening"') && text.endsWith("}"));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
}

/** By the command's signal, and by SIGKILL if the child takes longer than 5 s. */
async function stop(child: ChildProcess, { stopSignal = "SIGKILL" }: ProxyCommand): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(stopSignal);
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
