import type { RunningGateway } from "../../gateway/supervise/running-gateway.ts";
import type { ConnectionsView, SheddingView, UpstreamView } from "../../gateway/exchange/events.ts";
import type { ConfigShape } from "./config-file.ts";

import { startGateway } from "../../gateway/supervise/running-gateway.ts";
import { loadConfig } from "../../gateway/config/load.ts";
import { ConfigFile, gatewayName } from "./config-file.ts";
import { LogLines } from "./log-lines.ts";
import { until } from "./until.ts";

/** The gateway in this process: the same as `start` runs, with its log at hand. */
export class TestGateway implements AsyncDisposable {
  readonly log: LogLines;
  readonly folder: string;
  readonly #file: ConfigFile;
  readonly #running: RunningGateway;
  #drained: Promise<number> | undefined;

  constructor(running: RunningGateway, file: ConfigFile, log: LogLines) {
    this.#running = running;
    this.#file = file;
    this.folder = file.folder;
    this.log = log;
  }

  get port(): number {
    return this.#running.port;
  }

  get adminPort(): number {
    return this.#running.adminPort;
  }

  /** What /status says of the upstreams. */
  async upstreams(): Promise<readonly UpstreamView[]> {
    return (await readStatus(this.adminPort)).upstreams;
  }

  /** Requests in flight, waiting requests and upstream connections, over all upstreams. */
  async load(): Promise<Load> {
    return loadOf(await this.upstreams());
  }

  /** Awaits that no request is in flight and no upstream connection busy. */
  async settled(): Promise<void> {
    if (this.#drained !== undefined) return;
    await until(async () => {
      const { inFlight, queued, busy } = await this.load();
      return inFlight === 0 && queued === 0 && busy === 0;
    });
  }

  /** Writes another config and reloads, as SIGHUP does. */
  reload(shape: ConfigShape): void {
    this.#file.become(shape);
    this.#running.reload(loadConfig(this.#file.path, surroundings));
  }

  /** Reloads what stands in the file now, which is this text. */
  reloadText(text: string): void {
    this.#file.replace(text);
    this.#running.reload(loadConfig(this.#file.path, surroundings));
  }

  /** What SIGTERM does; resolves with the exit code. */
  drain(): Promise<number> {
    this.#drained ??= this.#running.drain();
    return this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.close();
    this.#file[Symbol.dispose]();
  }
}

const surroundings = { environment: {}, hostName: gatewayName };

export interface Load {
  readonly inFlight: number;
  readonly queued: number;
  readonly busy: number;
  readonly idle: number;
}

interface Status {
  /** Exchanges under way. */
  readonly inFlight: number;
  readonly bufferedBodyBytes: number;
  readonly connections: ConnectionsView;
  readonly shedding: SheddingView;
  readonly upstreams: readonly UpstreamView[];
  readonly routes: ReadonlyArray<{ readonly id: string }>;
  readonly lastReload: null | {
    readonly time: string;
    readonly outcome: string;
    readonly findings: ReadonlyArray<{ readonly message: string; readonly path: string; readonly line: number }>;
  };
}

/** /status, as any operator reads it. */
export async function readStatus(adminPort: number): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${adminPort}/status`);
  return (await response.json()) as Status;
}

export function loadOf(upstreams: readonly UpstreamView[]): Load {
  const load = { inFlight: 0, queued: 0, busy: 0, idle: 0 };
  for (const { inFlight, queued, targets } of upstreams) {
    load.inFlight += inFlight;
    load.queued += queued;
    for (const { connections } of targets) {
      load.busy += connections.busy;
      load.idle += connections.idle;
    }
  }
  return load;
}

/** Starts a gateway on a config of this shape, loaded from a file as `start` does. */
export async function startTestGateway(shape: ConfigShape): Promise<TestGateway> {
  const file = new ConfigFile(shape);
  try {
    const loaded = loadConfig(file.path, surroundings);
    if ("findings" in loaded) throw new Error(`the test's config has faults: ${JSON.stringify(loaded.findings)}`);
    const log = new LogLines();
    const running = await startGateway({ config: loaded.config, logDestination: log });
    return new TestGateway(running, file, log);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}
