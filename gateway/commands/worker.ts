import cluster from "node:cluster";
import { flushCompileCache } from "node:module";

import type { Config } from "../config/schema.ts";
import type { FromWorker, ListenFault, Question, ToWorker } from "../supervise/messages.ts";
import type { StartSurroundings } from "./terminal.ts";

import { compileForStart } from "../supervise/running-gateway.ts";
import { collectStartGarbage } from "../supervise/start-garbage.ts";
import { Service } from "../supervise/service.ts";

/**
 * The life of a worker process: it serves what the primary tells it, and ends when it is told to. Signals are the
 * primary's: a terminal's Ctrl+C reaches all processes at once. When the primary is gone, node ends its workers.
 * Resolves with the exit code.
 */
export async function work(surroundings: Pick<StartSurroundings, "onSignal" | "onReload">): Promise<number> {
  surroundings.onSignal(ignore);
  surroundings.onReload(ignore);
  const post = new Post();
  const code = await post.ended;
  cluster.worker?.disconnect();
  return code;
}

class Post {
  #service: Service | undefined;
  #turn: Promise<void> = Promise.resolve();
  readonly #ended = Promise.withResolvers<number>();

  constructor() {
    cluster.worker?.on("message", (message: ToWorker | Question) => {
      if (message.kind === "ask") void this.#answer(message);
      else this.#turn = this.#turn.then(() => this.#obey(message));
    });
    void tell({ kind: "ready" });
  }

  get ended(): Promise<number> {
    return this.#ended.promise;
  }

  async #obey(message: ToWorker): Promise<void> {
    if (message.kind === "serve") return this.#serve(message);
    const service = this.#service;
    if (service === undefined) return;
    if (message.kind === "level") service.observer.setLevel(message.level);
    if (message.kind === "reload") reload(service, message.config);
    if (message.kind === "drain") await this.#drain(service);
  }

  async #serve({ config, level }: Extract<ToWorker, { kind: "serve" }>): Promise<void> {
    try {
      const { validators } = compileForStart(config);
      const service = new Service({ config, validators });
      service.observer.setLevel(level);
      this.#service = service;
      collectStartGarbage();
      await service.open();
      await tell({ kind: "listening", port: service.port });
      // For who may have to replace this process: it may be killed, and would not write it then.
      flushCompileCache();
    } catch (error) {
      await tell({ kind: "failed", fault: faultOf(error) });
      this.#ended.resolve(1);
    }
  }

  async #drain(service: Service): Promise<void> {
    const isClean = await service.drain();
    await tell({ kind: "drained", metrics: await service.observer.metricSnapshot() });
    await service.observer.close();
    this.#ended.resolve(isClean ? 0 : 1);
  }

  async #answer({ id, about }: Question): Promise<void> {
    const service = this.#service;
    const value = about === "status" ? service?.status() : await service?.observer.metricSnapshot();
    await tell({ kind: "answer", id, value });
  }
}

/** The primary has found it sound; what fails here is a file that has gone since. Then the last good one stays. */
function reload(service: Service, config: Config): void {
  try {
    service.putInForce({ config, validators: compileForStart(config).validators });
  } catch (err) {
    service.observer.log.error({ event: "reload_error", err });
  }
}

/** Resolves when it is on its way, or when there is nobody to tell. */
function tell(message: FromWorker): Promise<void> {
  const { worker } = cluster;
  if (worker === undefined || !worker.isConnected()) return Promise.resolve();
  return new Promise((resolve) => {
    worker.send(message, () => resolve());
  });
}

function faultOf(error: unknown): ListenFault {
  const { message, code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  return { message, code, address, port };
}

function ignore(): void {}
