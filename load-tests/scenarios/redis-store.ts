import type { ChildProcess } from "node:child_process";

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { DelayingRelay } from "./delaying-relay.ts";

const program = "redis-server";
const patienceMs = 5000;
const pauseMs = 20;

/** Why there can be no Redis here, or undefined where there can. */
export function redisIsMissing(): string | undefined {
  return spawnSync(program, ["--version"]).status === 0 ? undefined : `${program} is not installed`;
}

/**
 * A Redis on loopback that keeps nothing on disk, behind a relay that can make it slow. It can be killed and started
 * again; its port stays, since the gateways are told of it before it stands.
 */
export class RedisStore implements AsyncDisposable {
  readonly #relayPort: number;
  readonly #redisPort: number;
  readonly #relay: DelayingRelay;
  #folder: string | undefined;
  #child: ChildProcess | undefined;

  constructor(relayPort: number, redisPort: number) {
    this.#relayPort = relayPort;
    this.#redisPort = redisPort;
    this.#relay = new DelayingRelay(redisPort);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#relayPort}`;
  }

  /** Added to each of its answers, in milliseconds. */
  set delayMs(delayMs: number) {
    this.#relay.delayMs = delayMs;
  }

  /** Resolves when it stands; where it cannot, nothing stays behind. */
  async open(): Promise<void> {
    this.delayMs = 0;
    try {
      await this.start();
      await this.#relay.listen(this.#relayPort);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async start(): Promise<void> {
    this.#folder ??= await mkdtemp(join(tmpdir(), "load-test-redis-"));
    const options = { port: this.#redisPort, bind: "127.0.0.1", dir: this.#folder, save: "", appendonly: "no" };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    this.#child = spawn(program, args, { stdio: "ignore" });
    const giveUpAt = performance.now() + patienceMs;
    while (!(await this.#listens())) {
      if (performance.now() > giveUpAt) throw new Error(`${program} does not listen`);
      await delay(pauseMs);
    }
  }

  /** Dead at once; its connections are reset. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
    await this.kill();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  async #listens(): Promise<boolean> {
    const socket = connect(this.#redisPort, "127.0.0.1");
    try {
      await once(socket, "connect");
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}
