import type { AdminServer } from "../admin/server.ts";
import type { Finding } from "../config/finding.ts";
import type { LoadResult } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { LogDestination } from "../observe/destination.ts";
import type { Observer } from "../observe/observer.ts";
import type { SchemaFinding } from "../validate/schema-finding.ts";
import type { ReloadRecord } from "./reload.ts";

import { createAdminServer } from "../admin/server.ts";
import { compileSchemas } from "../validate/schemas.ts";
import { collectStartGarbage } from "./start-garbage.ts";
import { isError, logRemarks, reload } from "./reload.ts";
import { Service } from "./service.ts";

export interface GatewayOptions {
  readonly config: Config;
  /** Its timeouts that do not fit each other, for the log. */
  readonly misalignments?: readonly Finding[];
  /** Where the log goes; standard output by default. */
  readonly logDestination?: LogDestination;
}

/** Schemas of a configuration that do not compile. Nothing was opened. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  readonly findings: readonly SchemaFinding[];

  constructor(findings: readonly SchemaFinding[]) {
    super(findings.map(({ file, pointer, message }) => `${file}${pointer}: ${message}`).join("\n"));
    this.findings = findings;
  }
}

/** A gateway in service, in one process or in several. */
export interface RunningGateway {
  readonly port: number;
  readonly adminPort: number;
  readonly observer: Observer;
  /**
   * Puts a configuration in force that was loaded anew, or refuses it with all its findings and goes on with the last
   * good one. Never throws.
   */
  reload(result: LoadResult): void;
  /** Drains; resolves with the exit code: 0, or 1 past the deadline. The log is flushed. */
  drain(): Promise<number>;
  /** Ends at once: what is in flight is destroyed. The log is flushed. */
  close(): Promise<void>;
}

/** Checks the schemas of a configuration that is about to be started. Throws SchemaError. */
export function compileForStart(config: Config) {
  const { validators, findings: remarks } = compileSchemas(config);
  const errors = remarks.filter(isError);
  if (errors.length > 0) throw new SchemaError(errors);
  return { validators, remarks };
}

/**
 * Opens a gateway in this process. Rejects with SchemaError, or with node's error where a port cannot be had; nothing
 * stays open then.
 */
export async function startGateway({ config, misalignments, logDestination }: GatewayOptions): Promise<RunningGateway> {
  const { validators, remarks } = compileForStart(config);
  const gateway = new StandaloneGateway(new Service({ config, validators, logDestination }));
  collectStartGarbage();
  await gateway.open();
  logRemarks(gateway.observer.log, { remarks, misalignments: misalignments ?? [] });
  return gateway;
}

/** A service and the admin port beside it, in one process. */
class StandaloneGateway implements RunningGateway {
  readonly #service: Service;
  readonly #admin: AdminServer;
  readonly #startedAt = new Date();
  #lastReload: ReloadRecord | undefined;
  adminPort = 0;

  constructor(service: Service) {
    this.#service = service;
    const { observer } = service;
    this.#admin = createAdminServer({
      config: service.config.admin,
      readiness: () => (service.state === "serving" ? [] : [service.state]),
      metrics: () => observer.metrics(),
      status: () => this.#status(),
      logLevel: { levels: observer.levels, current: () => observer.level, set: (level) => observer.setLevel(level) },
      onError: (err) => observer.log.error({ event: "admin_error", err }),
    });
  }

  get port(): number {
    return this.#service.port;
  }

  get observer(): Observer {
    return this.#service.observer;
  }

  /** The admin port first: whoever watches can see a start that fails. */
  async open(): Promise<void> {
    try {
      this.adminPort = await this.#admin.listen();
      await this.#service.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    const { host } = this.#service.config.listen;
    this.observer.listening({ host, port: this.port, adminPort: this.adminPort });
  }

  reload(result: LoadResult): void {
    const service = this.#service;
    if (service.state !== "serving") return;
    const { config: running, observer } = service;
    this.#lastReload = reload(result, { running, observer, putInForce: (prepared) => service.putInForce(prepared) });
  }

  async drain(): Promise<number> {
    const { config, inFlight, observer } = this.#service;
    const { grace, deadline } = config.listen.drain;
    observer.log.info({ event: "draining", graceMs: grace, deadlineMs: deadline, inFlight });
    const isClean = await this.#service.drain();
    observer.log.info({ event: "drained", clean: isClean });
    await this.#end();
    return isClean ? 0 : 1;
  }

  async close(): Promise<void> {
    await this.#service.close();
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#admin.close();
    await this.observer.close();
  }

  #status() {
    const { state, ...rest } = this.#service.status();
    const { name } = this.#service.config;
    return { name, state, startedAt: this.#startedAt, ...rest, lastReload: this.#lastReload ?? null };
  }
}
