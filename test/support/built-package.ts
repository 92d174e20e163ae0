import type { ChildProcess } from "node:child_process";

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { connects } from "../../load-tests/peers/connects.ts";
import { cpuSeconds, residentMiB } from "./gateway-vitals.ts";

/** A gateway of a built package in a process of its own. */
export class BuiltGateway implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly port: number;
  /** From the start of the process until its port takes connections. Milliseconds. */
  readonly listeningMs: number;

  private constructor(child: ChildProcess, port: number, listeningMs: number) {
    this.#child = child;
    this.port = port;
    this.listeningMs = listeningMs;
  }

  /** @param root the folder of a package that has been built: the one with `dist/` */
  static async start(root: string, config: string): Promise<BuiltGateway> {
    const port = await freePort();
    const args = [join(root, "dist/gateway/main.js"), "start", "--config", config];
    const env = { ...process.env, PORT: String(port), ADMIN_PORT: "0" };
    const before = performance.now();
    const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
    while (!(await connects(port))) {
      if (child.exitCode !== null) throw new Error(`${root} ended with ${child.exitCode}`);
      await pause(2);
    }
    return new BuiltGateway(child, port, Math.round(performance.now() - before));
  }

  get residentMiB(): number {
    return residentMiB([this.#child.pid ?? 0]);
  }

  /** Processor time used so far. Seconds, in steps of 10 ms. */
  get cpuSeconds(): number {
    return cpuSeconds([this.#child.pid ?? 0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, "exit");
  }
}

/** This package, where it has been built, and the one that STATUSWISE_BEFORE names. */
export function builtPackages(): { readonly built: string | undefined; readonly before: string | undefined } {
  const here = join(import.meta.dirname, "../..");
  const before = process.env["STATUSWISE_BEFORE"];
  return {
    built: existsSync(join(here, "dist/gateway/main.js")) ? here : undefined,
    before: before !== undefined && existsSync(join(before, "dist/gateway/main.js")) ? before : undefined,
  };
}

/** An upstream that answers everything with `ok`. */
export async function startOkUpstream(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createHttpServer((incoming, response) => {
    incoming.resume().once("end", () => response.end("ok"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** The middle one of some figures. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1] ?? 0;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
