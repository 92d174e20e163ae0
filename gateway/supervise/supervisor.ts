import cluster from "node:cluster";

import type { AdminServer } from "../admin/server.ts";
import type { LoadResult } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { LogDestination } from "../observe/destination.ts";
import type { Observer } from "../observe/observer.ts";
import type { WorkerEnd } from "./worker-handle.ts";
import type { Prepared, ReloadRecord } from "./reload.ts";
import type { GatewayOptions, RunningGateway } from "./running-gateway.ts";

import { createAdminServer } from "../admin/server.ts";
import { asyncDestination } from "../observe/destination.ts";
import { createObserver } from "../observe/observer.ts";
import { SummedMetrics } from "../observe/summed-metrics.ts";
import { compileCacheEnvironment, WorkerHandle } from "./worker-handle.ts";
import { isSamePlace, logRemarks, reload } from "./reload.ts";
import { collectStartGarbage } from "./start-garbage.ts";
import { compileForStart } from "./running-gateway.ts";
import { workerCount, shareOf } from "./shares.ts";

/** A worker that lived this long did not die of its beginning. Milliseconds. */
const soundAfterMs = 10_000;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/** A worker that has not ended so long after the drain deadline is killed. Milliseconds. */
const killAfterMs = 2000;

const standardOutput = 1;

export interface SupervisorOptions extends GatewayOptions {
  /** Takes what workers write to standard error. */
  readonly error: (text: string) => void;
}

/**
 * Opens a gateway of several worker processes. This one, the primary, accepts connections and hands them out in turn, has
 * the admin port, writes the log, and serves no request. Rejects as startGateway does.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<RunningGateway> {
  const { remarks } = compileForStart(options.config);
  collectStartGarbage();
  cluster.setupPrimary({ silent: true, serialization: "advanced" });
  const supervisor = new Supervisor(options);
  await supervisor.open();
  logRemarks(supervisor.observer.log, { remarks, misalignments: options.misalignments ?? [] });
  return supervisor;
}

class Supervisor implements RunningGateway {
  #config: Config;
  readonly #error: (text: string) => void;
  readonly #members = new Set<WorkerHandle>();
  readonly #destination: LogDestination;
  readonly #admin: AdminServer;
  readonly #ended = new SummedMetrics();
  readonly #startedAt = new Date();
  readonly #environment = compileCacheEnvironment();
  readonly #pauses = new Set<NodeJS.Timeout>();
  #lastReload: ReloadRecord | undefined;
  #rolling: Promise<void> = Promise.resolve();
  #state: "starting" | "serving" | "draining" = "starting";
  #replaced = 0;
  readonly observer: Observer;
  port = 0;
  adminPort = 0;

  constructor({ config, error, logDestination }: SupervisorOptions) {
    this.#config = config;
    this.#error = error;
    this.#destination = logDestination ?? asyncDestination(standardOutput);
    this.observer = createObserver({
      config: config.log,
      routes: [],
      views: () => [],
      connections: () => ({ open: 0, dropped: 0, reclaimed: 0, responseBytes: 0, requestBytes: 0, pipelinedBytes: 0 }),
      destination: this.#destination,
    });
    this.#admin = this.#createAdmin();
  }

  async open(): Promise<void> {
    try {
      this.adminPort = await this.#admin.listen();
      const members = Array.from({ length: workerCount(this.#config) }, () => this.#spawn(0));
      [this.port = 0] = await Promise.all(members.map(({ listening }) => listening));
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#state = "serving";
    this.observer.listening({ host: this.#config.listen.host, port: this.port, adminPort: this.adminPort });
  }

  reload(result: LoadResult): void {
    if (this.#state !== "serving") return;
    const putInForce = (prepared: Prepared): void => this.#putInForce(prepared.config);
    const options = { running: this.#config, observer: this.observer, mayMove: true, putInForce };
    this.#lastReload = reload(result, options);
  }

  /** In place where that is possible; else worker by worker, each new one listening before an old one is dismissed. */
  #putInForce(config: Config): void {
    const isInPlace = isSamePlace(config, this.#config);
    this.#config = config;
    this.observer.reconfigure(config.log, []);
    if (!isInPlace) {
      this.#rolling = this.#rolling.then(() => this.#roll([...this.#members]));
      return;
    }
    const share = shareOf(config, workerCount(config));
    for (const member of this.#members) member.tell({ kind: "reload", config: share });
  }

  async #roll(old: readonly WorkerHandle[]): Promise<void> {
    const size = workerCount(this.#config);
    for (let n = 0; n < size && this.#state === "serving"; n += 1) {
      const fresh = this.#spawn(0);
      try {
        this.port = await fresh.listening;
      } catch (err) {
        // Those that are left go on as they are.
        fresh.kill();
        this.observer.log.error({ event: "worker_roll", err });
        return;
      }
      old[n]?.dismiss();
    }
    for (const member of old) member.dismiss();
    this.observer.log.info({ event: "worker_roll", workers: size, port: this.port });
  }

  async drain(): Promise<number> {
    const { grace, deadline } = this.#config.listen.drain;
    const { log } = this.observer;
    this.#leave();
    log.info({ event: "draining", graceMs: grace, deadlineMs: deadline, workers: this.#members.size });
    const members = [...this.#members];
    for (const member of members) member.dismiss();
    const timer = setTimeout(() => members.forEach((member) => member.kill()), deadline + killAfterMs);
    const ends = await Promise.all(members.map(({ ended }) => ended));
    clearTimeout(timer);
    const isClean = ends.every(({ code }) => code === 0);
    log.info({ event: "drained", clean: isClean });
    await this.#end();
    return isClean ? 0 : 1;
  }

  async close(): Promise<void> {
    this.#leave();
    const members = [...this.#members];
    for (const member of members) member.kill();
    await Promise.all(members.map(({ ended }) => ended));
    await this.#end();
  }

  #leave(): void {
    this.#state = "draining";
    for (const pause of this.#pauses) clearTimeout(pause);
  }

  async #end(): Promise<void> {
    await this.#admin.close();
    await this.observer.close();
  }

  #spawn(restarts: number): WorkerHandle {
    const member = new WorkerHandle({
      config: shareOf(this.#config, workerCount(this.#config)),
      level: this.observer.level,
      environment: this.#environment,
      log: (lines) => this.#destination.write(lines),
      error: this.#error,
      restarts,
    });
    this.#members.add(member);
    void member.ended.then((end) => this.#lost(member, end));
    return member;
  }

  /** A worker has ended. One that was not told to is replaced: at once, and later the oftener that happens. */
  #lost(member: WorkerHandle, { code, signal }: WorkerEnd): void {
    this.#members.delete(member);
    this.#ended.retire(member.lastMetrics);
    if (member.isDismissed || this.#state !== "serving") return;
    const isSound = Date.now() - member.startedAt.getTime() >= soundAfterMs;
    const restarts = isSound ? 0 : member.restarts;
    const pauseMs = restarts === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (restarts - 1));
    this.observer.log.error({ event: "worker_lost", worker: member.id, pid: member.pid, code, signal, pauseMs });
    this.#replaced += 1;
    const pause = setTimeout(() => {
      this.#pauses.delete(pause);
      this.#spawn(restarts + 1);
    }, pauseMs);
    this.#pauses.add(pause);
  }

  #createAdmin(): AdminServer {
    const { observer } = this;
    const set = (level: Observer["level"]): void => {
      observer.setLevel(level);
      for (const member of this.#members) member.tell({ kind: "level", level });
    };
    return createAdminServer({
      config: this.#config.admin,
      readiness: () => this.#notReady(),
      metrics: () => this.#metrics(),
      status: () => this.#status(),
      logLevel: { levels: observer.levels, current: () => observer.level, set },
      onError: (err) => observer.log.error({ event: "admin_error", err }),
    });
  }

  /** All at the start. Later one that is being replaced is no reason to send no requests to the others. */
  #notReady(): readonly string[] {
    if (this.#state !== "serving") return [this.#state];
    return [...this.#members].some(({ state }) => state === "serving") ? [] : ["no worker serves"];
  }

  async #metrics(): Promise<string> {
    const members = [...this.#members].map((member) => member.metrics());
    return this.#ended.render(await Promise.all([this.observer.metricSnapshot(), ...members]));
  }

  async #status() {
    const workers = await Promise.all([...this.#members].map((member) => member.status()));
    return {
      name: this.#config.name,
      state: this.#state,
      startedAt: this.#startedAt,
      workersReplaced: this.#replaced,
      workers,
      lastReload: this.#lastReload ?? null,
    };
  }
}
