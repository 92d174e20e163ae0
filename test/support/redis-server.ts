import type { ChildProcess } from "node:child_process";

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { refusedPort } from "./dead-ports.ts";
import { until } from "./until.ts";

const program = "redis-server";

/** Why tests with a real Redis cannot run here, for the `skip` of each; false where they can. */
export const redisIsMissing: string | false =
  spawnSync(program, ["--version"]).status === 0 ? false : `${program} is not installed (apt-get install ${program})`;

/** A Redis of the test's own on loopback, which keeps nothing on disk. It can be killed and started again. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "statuswise-redis-"));
  #child: ChildProcess | undefined;

  constructor(port: number) {
    this.port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = { port: this.port, bind: "127.0.0.1", dir: this.#folder, save: "", appendonly: "no" };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = spawn(program, args, { stdio: "ignore" });
    await until(() => this.#answers());
  }

  /** Dead at once: what it knew is gone, its connections are reset. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  /** Connections stand, and nothing is answered. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** How many keys it holds. */
  async size(): Promise<number> {
    return Number((await this.#say("DBSIZE")).slice(1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.#say("PING")).startsWith("+PONG");
    } catch {
      return false;
    }
  }

  async #say(command: string): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    try {
      await once(socket, "connect");
      socket.write(`${command}\r\n`);
      const [reply] = (await once(socket, "data")) as [Buffer];
      return reply.toString();
    } finally {
      socket.destroy();
    }
  }
}

export async function startRedis(): Promise<RedisServer> {
  const redis = new RedisServer(await refusedPort());
  await redis.start();
  return redis;
}
