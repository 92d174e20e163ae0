import cluster from "node:cluster";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Worker } from "node:cluster";

import type { Config } from "../config/schema.ts";
import type { LogLevel } from "../observe/log.ts";
import type { MetricSnapshot } from "../observe/summed-metrics.ts";
import type { FromWorker, ListenFault, Question, ToWorker } from "./messages.ts";

import { LineRelay } from "./line-relay.ts";

export interface WorkerHandleOptions {
  readonly config: Config;
  readonly level: LogLevel;
  /** Added to the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes whole lines of its log. */
  readonly log: (lines: string) => void;
  /** Takes what it writes to standard error. */
  readonly error: (text: string) => void;
  /** How often its predecessors have died soon after they began. */
  readonly restarts: number;
}

/** How a worker process ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A worker that does not answer within this time is told of as such. Milliseconds. */
const answerWithinMs = 1000;

/** One worker process, as the primary sees it. */
export class WorkerHandle {
  readonly restarts: number;
  readonly startedAt = new Date();
  /** Its end is wanted: it was told to drain. */
  isDismissed = false;
  state: "starting" | "serving" | "draining" = "starting";
  /** Of the latest answer. */
  lastMetrics: readonly MetricSnapshot[] = [];
  readonly #worker: Worker;
  readonly #listening = Promise.withResolvers<number>();
  readonly #answers = new Map<number, (value: unknown) => void>();
  #asked = 0;
  readonly ended: Promise<WorkerEnd>;

  constructor(options: WorkerHandleOptions) {
    this.restarts = options.restarts;
    const worker = (this.#worker = cluster.fork(options.environment));
    const relay = new LineRelay(options.log);
    worker.process.stdout?.setEncoding("utf8").on("data", (text: string) => relay.take(text));
    worker.process.stderr?.setEncoding("utf8").on("data", options.error);
    worker.on("message", (message: FromWorker) => this.#hear(message, options));
    // A worker that cannot be told anything has ended, or is about to.
    worker.on("error", ignore);
    this.ended = new Promise((resolve) => {
      // `close` and not `exit`: by then its log has been read to its end.
      worker.process.on("close", (code, signal) => {
        this.#listening.reject(new Error(`worker ended (${signal ?? code})`));
        for (const answer of this.#answers.values()) answer(undefined);
        resolve({ code, signal });
      });
    });
    this.#listening.promise.catch(ignore);
  }

  get id(): number {
    return this.#worker.id;
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** The port once it listens; rejects with what hinders it. */
  get listening(): Promise<number> {
    return this.#listening.promise;
  }

  tell(message: ToWorker): void {
    this.#send(message);
  }

  /** It is to drain and to end. */
  dismiss(): void {
    if (this.isDismissed) return;
    this.isDismissed = true;
    this.state = "draining";
    this.tell({ kind: "drain" });
  }

  kill(): void {
    this.isDismissed = true;
    this.#worker.process.kill("SIGKILL");
  }

  async metrics(): Promise<readonly MetricSnapshot[]> {
    const answer = (await this.#ask("metrics")) as readonly MetricSnapshot[] | undefined;
    if (answer !== undefined) this.lastMetrics = answer;
    return this.lastMetrics;
  }

  async status(): Promise<object> {
    const answer = (await this.#ask("status")) as object | undefined;
    const { id: worker, pid, state, startedAt } = this;
    return { worker, pid, startedAt, ...(answer ?? { state: state === "serving" ? "silent" : state }) };
  }

  #ask(about: Question["about"]): Promise<unknown> {
    if (this.state === "starting") return Promise.resolve(undefined);
    const id = (this.#asked += 1);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#answers.set(id, resolve);
    const timer = setTimeout(resolve, answerWithinMs);
    this.#send({ kind: "ask", id, about });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#answers.delete(id);
    });
  }

  #hear(message: FromWorker, { config, level }: WorkerHandleOptions): void {
    switch (message.kind) {
      case "ready":
        return this.tell({ kind: "serve", config, level });
      case "listening":
        if (!this.isDismissed) this.state = "serving";
        return this.#listening.resolve(message.port);
      case "failed":
        return this.#listening.reject(faultOf(message.fault));
      case "answer":
        return this.#answers.get(message.id)?.(message.value);
      case "drained":
        this.lastMetrics = message.metrics;
    }
  }

  #send(message: ToWorker | Question): void {
    if (this.#worker.isConnected()) this.#worker.send(message, ignore);
  }
}

function faultOf({ message, ...facts }: ListenFault): Error {
  return Object.assign(new Error(message), facts);
}

function ignore(): void {}

/**
 * The environment in which worker processes begin in half the time: what the first of them has compiled is there for
 * those that replace it. The folder is the primary's own, closed to others, and gone when it ends. Where there can be
 * none, workers begin as they would without.
 */
export function compileCacheEnvironment(): Readonly<Record<string, string>> {
  try {
    const folder = mkdtempSync(join(tmpdir(), "statuswise-compiled-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return { NODE_COMPILE_CACHE: folder };
  } catch {
    return {};
  }
}
