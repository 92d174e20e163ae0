import type { Logger } from "pino";

import { pino } from "pino";

import type { LogConfig } from "../config/schema.ts";
import type { LogDestination } from "./destination.ts";
import type { Redact } from "./redact.ts";

import { redactor } from "./redact.ts";

export type LogLevel = LogConfig["level"];

/** What others get to log with. Without `child`: its bindings would pass by the redaction. */
export type EventLog = Pick<Logger, LogLevel | "isLevelEnabled">;

/** What PUT /log-level and the config may name, least severe first. */
export const logLevels = Object.keys(pino.levels.values) as readonly LogLevel[];

/** Where the listeners ended up; with port 0 nobody knows before. */
export interface ListeningRecord {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
}

/** The structured log: pino with our redaction, on a destination shared with the access log. */
export class Log {
  readonly #logger: Logger;
  readonly #destination: LogDestination;
  #redact: Redact;
  #config: LogConfig;

  constructor(config: LogConfig, destination: LogDestination) {
    this.#config = config;
    this.#destination = destination;
    this.#redact = redactor(config.redact);
    // pino's own redaction knows paths, not names, and minds their case: records pass ours instead.
    const redact: Redact = (record) => this.#redact(record);
    this.#logger = pino(
      {
        level: config.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }), log: redact },
      },
      destination,
    );
  }

  get events(): EventLog {
    return this.#logger;
  }

  get level(): LogLevel {
    return this.#logger.level as LogLevel;
  }

  set level(level: LogLevel) {
    this.#logger.level = level;
  }

  /** Whether requests have their access line now. */
  get writesAccess(): boolean {
    return this.#config.access && this.#logger.isLevelEnabled("info");
  }

  /** Takes over a reloaded config. A level set by hand stays unless the file names another one than before. */
  reconfigure(config: LogConfig): void {
    if (config.level !== this.#config.level) this.level = config.level;
    this.#config = config;
    this.#redact = redactor(config.redact);
  }

  /** Told whatever the level: scripts and tests that start the gateway on port 0 read the ports here. */
  listening(address: ListeningRecord): void {
    const { host, port, adminPort } = address;
    const record = { time: new Date().toISOString(), level: "info", event: "listening", host, port, adminPort };
    this.#destination.write(`${JSON.stringify(record)}\n`);
  }
}
