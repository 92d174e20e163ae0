import type { ChildProcess } from "node:child_process";
import type { RunningSubject, Subject } from "../scenario.ts";
import type { Program } from "./program.ts";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { connects } from "./connects.ts";
import { freePort } from "./free-port.ts";
import { programEnvironment, unmetProgram } from "./program.ts";
import { render } from "./template.ts";

export interface SystemProxy {
  readonly name: string;
  readonly setting: string;
  readonly program: Program;
  /** Beside this file. Its places: port, servicePort, dir. */
  readonly template: string;
  /** In the foreground, with this config. */
  readonly args: (configFile: string) => readonly string[];
}

const startTimeoutMs = 5_000;

/**
 * A proxy of the system as a subject: its config is rendered into a directory of its own, it runs as a child in the
 * foreground, and touches nothing of an installed service. It stands in front of the first service alone.
 */
export function systemProxy(proxy: SystemProxy): Subject {
  const { name, setting, program } = proxy;
  return { name, setting, unmet: () => unmetProgram(program), start: ([servicePort]) => start(proxy, servicePort) };
}

async function start({ name, program, template, args }: SystemProxy, servicePort = 0): Promise<RunningSubject> {
  const dir = await mkdtemp(join(tmpdir(), "statuswise-peer-"));
  await chmod(dir, 0o755); // workers may run as another user than their master
  const port = await freePort();
  const file = join(dir, template);
  const text = await readFile(join(import.meta.dirname, template), "utf8");
  await writeFile(file, render(text, { port, servicePort, dir }));
  const child = spawnChild(program, args(file), dir);
  const said = lastWords(child);
  const dispose = async (): Promise<void> => {
    await stop(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.race([accepts(port, child), failed(child)]);
  } catch (error) {
    await dispose();
    throw new Error(`${name} did not start: ${said()}`, { cause: error });
  }
  return { port, adminPort: undefined, pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
}

/** However the driver itself ends, the child is told to: by a signal with which NGINX's master takes its worker along. */
function spawnChild({ name }: Program, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(name, args, { cwd, env: programEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  const end = (): void => void child.kill("SIGTERM");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return child;
}

/** The last that it said on stderr: why it did not start. */
function lastWords(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text = `${text}${chunk}`.slice(-2_000);
  });
  return () => text.trim();
}

function failed(child: ChildProcess): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
  return promise;
}

async function accepts(port: number, child: ChildProcess): Promise<void> {
  const until = performance.now() + startTimeoutMs;
  while (child.exitCode === null && !(await connects(port))) {
    if (performance.now() > until) throw new Error(`its port accepted nothing within ${startTimeoutMs} ms`);
    await delay(10);
  }
}

/** SIGTERM, which both NGINX and HAProxy take as: stop now. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs);
  await exited;
  clearTimeout(timer);
}
