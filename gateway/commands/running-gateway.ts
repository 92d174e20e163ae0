import type { AdminServer } from "../admin/server.ts";
import type { Rooms } from "../assembly.ts";
import type { Finding } from "../config/finding.ts";
import type { Config } from "../config/schema.ts";
import type { Listener } from "../listen/server.ts";
import type { LogDestination } from "../observe/destination.ts";
import type { Observer } from "../observe/observer.ts";
import type { SchemaFinding } from "../validate/schema-finding.ts";
import type { RouteValidator } from "../validate/validate.ts";

import { createAdminServer } from "../admin/server.ts";
import { assemble } from "../assembly.ts";
import { systemClock } from "../clock.ts";
import { Gateway } from "../gateway.ts";
import { drain } from "../listen/drain.ts";
import { createListener } from "../listen/server.ts";
import { createObserver } from "../observe/observer.ts";
import { compileSchemas } from "../validate/schemas.ts";

type Validators = ReadonlyMap<string, RouteValidator>;

export interface ServiceOptions {
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

/** A gateway in service. */
export type RunningGateway = Pick<Service, "port" | "adminPort" | "observer" | "drain" | "close">;

/**
 * Opens a gateway. Rejects with SchemaError, or with node's error where a port cannot be had; nothing stays open then.
 */
export async function startGateway(options: ServiceOptions): Promise<RunningGateway> {
  const { validators, findings } = compileSchemas(options.config);
  const errors = findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new SchemaError(errors);
  const service = new Service(options, validators);
  await service.open();
  for (const { file, pointer, message } of findings) {
    service.observer.log.warn({ event: "schema_finding", file, pointer, finding: message });
  }
  for (const { file, line, column, path: key, message: finding, hint } of options.misalignments ?? []) {
    service.observer.log.warn({ event: "alignment", file, line, column, key, finding, hint });
  }
  return service;
}

/** The listener, the admin port, and what stands between. */
class Service {
  readonly #config: Config;
  readonly #gateway: Gateway;
  readonly #rooms: Rooms;
  readonly #listener: Listener;
  readonly #admin: AdminServer;
  readonly #startedAt = new Date();
  #isOpen = false;
  readonly observer: Observer;
  port = 0;
  adminPort = 0;

  constructor({ config, logDestination: destination }: ServiceOptions, validators: Validators) {
    this.#config = config;
    this.observer = createObserver({
      config: config.log,
      routes: config.routes.map((route) => route.id),
      views: () => this.#views(),
      connections: () => this.#listener.connections,
      ...(destination === undefined ? {} : { destination }),
    });
    this.#rooms = assemble({ config, validators, observer: this.observer, clock: systemClock, random: Math.random });
    this.#gateway = new Gateway(this.#rooms);
    this.#listener = createListener({
      listen: config.listen,
      longestRouteMs: Math.max(...config.routes.map((route) => route.timeout)),
      handler: this.#gateway,
      clock: systemClock,
      report: this.observer.report,
    });
    this.#admin = this.#createAdmin();
  }

  /** The admin port first: whoever watches can see a start that fails. */
  async open(): Promise<void> {
    try {
      this.adminPort = await this.#admin.listen();
      this.port = await this.#listener.open();
    } catch (error) {
      await this.#end();
      throw error;
    }
    this.#isOpen = true;
    this.observer.listening({ host: this.#config.listen.host, port: this.port, adminPort: this.adminPort });
  }

  /** Drains (see listen/drain.ts); resolves with the exit code: 0, or 1 past the deadline. The log is flushed. */
  async drain(): Promise<number> {
    const { grace, deadline } = this.#config.listen.drain;
    this.#isOpen = false;
    this.observer.log.info({
      event: "draining",
      graceMs: grace,
      deadlineMs: deadline,
      inFlight: this.#gateway.inFlight,
    });
    const isClean = await drain({
      config: this.#config.listen.drain,
      listener: this.#listener,
      clock: systemClock,
      admission: (admission) => {
        this.#gateway.admission = admission;
      },
    });
    await this.#gateway.idle();
    this.observer.log.info({ event: "drained", clean: isClean });
    await this.#end();
    return isClean ? 0 : 1;
  }

  /** Ends at once: what is in flight is destroyed. The log is flushed. */
  async close(): Promise<void> {
    this.#isOpen = false;
    const closed = this.#listener.close();
    this.#listener.destroy();
    await closed;
    await this.#gateway.idle();
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#rooms.close();
    await this.#admin.close();
    await this.observer.close();
  }

  #createAdmin(): AdminServer {
    const { observer } = this;
    return createAdminServer({
      config: this.#config.admin,
      readiness: () => (this.#isOpen ? [] : [this.#state]),
      metrics: () => observer.metrics(),
      status: () => this.#status(),
      logLevel: { levels: observer.levels, current: () => observer.level, set: (level) => observer.setLevel(level) },
      onError: (err) => observer.log.error({ event: "admin_error", err }),
    });
  }

  get #state(): string {
    if (this.#isOpen) return "serving";
    return this.#gateway.admission === "open" ? "starting" : "draining";
  }

  #status() {
    return {
      name: this.#config.name,
      state: this.#state,
      startedAt: this.#startedAt,
      inFlight: this.#gateway.inFlight,
      connections: { open: this.#listener.connections.open, dropped: this.#listener.connections.dropped },
      routes: this.#config.routes.map(({ id, path, upstream }) => ({ id, path, upstream })),
      upstreams: this.#views(),
    };
  }

  #views() {
    return this.#rooms.upstreams.map((upstream) => upstream.view());
  }
}
