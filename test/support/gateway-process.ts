import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import type { ConfigShape } from "./config-file.ts";

import { ConfigFile } from "./config-file.ts";
import { LogLines } from "./log-lines.ts";

const main = fileURLToPath(new URL("../../gateway/main.ts", import.meta.url));
const maxErrorText = 64 * 1024;

/** The gateway as its operators run it: a process of its own, its log on standard output. */
export class GatewayProcess implements AsyncDisposable {
  readonly log: LogLines;
  /** What it wrote to standard error, up to 64 KiB. */
  errorText = "";
  port = 0;
  adminPort = 0;
  /** The exit code once it ended; -1 where a signal ended it. */
  readonly exited: Promise<number>;
  readonly #child: ChildProcess;
  readonly #file: ConfigFile;

  constructor(file: ConfigFile, log: LogLines, nodeOptions: readonly string[] = []) {
    this.#file = file;
    this.log = log;
    this.#child = spawn(process.execPath, [...nodeOptions, main, "start", "--config", file.path], {
      stdio: ["ignore", "pipe", "pipe"],
      // What it leaves when it is killed goes with the config.
      env: { ...process.env, TMPDIR: file.folder },
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.log.write(text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      if (this.errorText.length < maxErrorText) this.errorText += text;
    });
    // `close` and not `exit`: by then the log has been read to its end.
    this.exited = once(this.#child, "close").then(([code]) => (typeof code === "number" ? code : -1));
  }

  /** Writes another config in place of the one it was started with. */
  rewrite(shape: ConfigShape): void {
    this.#file.become(shape);
  }

  /** Writes this text in place of the config. */
  rewriteText(text: string): void {
    this.#file.replace(text);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resident memory in bytes. */
  get residentBytes(): number {
    return this.#memory("VmRSS");
  }

  /** The largest resident memory since the process began, in bytes, as the kernel keeps it. */
  get peakResidentBytes(): number {
    return this.#memory("VmHWM");
  }

  /** Whether the process has not ended. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  signal(name: "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGKILL"): void {
    this.#child.kill(name);
  }

  /** Awaits `event=listening`, or throws with what the process said as it ended. */
  async listening(): Promise<void> {
    const line = await Promise.race([this.log.line((candidate) => candidate["event"] === "listening"), this.exited]);
    if (typeof line === "number") throw new Error(`the gateway ended with ${line}: ${this.errorText}`);
    this.port = Number(line["port"]);
    this.adminPort = Number(line["adminPort"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
    this.#file[Symbol.dispose]();
  }

  #memory(field: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "latin1");
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
  }
}

/**
 * Runs `start` on a config of this shape and awaits that it listens. `nodeOptions` are options of node itself:
 * `--max-old-space-size=256`.
 */
export async function spawnGateway(
  shape: ConfigShape,
  log = new LogLines(),
  nodeOptions: readonly string[] = [],
): Promise<GatewayProcess> {
  const gateway = new GatewayProcess(new ConfigFile(shape), log, nodeOptions);
  try {
    await gateway.listening();
  } catch (error) {
    await gateway[Symbol.asyncDispose]();
    throw error;
  }
  return gateway;
}
