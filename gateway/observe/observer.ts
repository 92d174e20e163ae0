import type { LogConfig } from "../config/schema.ts";
import type { Exchange } from "../exchange/exchange.ts";
import type { LogDestination } from "./destination.ts";
import type {
  ConnectionsView,
  GatewayEvent,
  Report,
  ResponseSchemaEvent,
  SheddingView,
  UpstreamView,
} from "../exchange/events.ts";
import type { EventLog, ListeningRecord, LogLevel } from "./log.ts";
import type { MetricSnapshot } from "./summed-metrics.ts";

import { accessLine } from "./access-log.ts";
import { causeChain, stackOf } from "./cause.ts";
import { asyncDestination } from "./destination.ts";
import { failureLevel, FailureLog } from "./failure-log.ts";
import { Log, logLevels } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { outcomeOf } from "./outcome.ts";
import { isShed, ShedLog } from "./shed-log.ts";

export interface ObserverOptions {
  readonly config: LogConfig;
  /** The ids of all routes: the values of the route label. */
  readonly routes: readonly string[];
  /** What the upstreams look like now; called at each scrape. */
  readonly views: () => readonly UpstreamView[];
  readonly connections: () => ConnectionsView;
  /** How busy the process is, where it serves. */
  readonly shedding?: () => SheddingView;
  /** Default: standard output, asynchronously. */
  readonly destination?: LogDestination;
}

/** The log and the metrics of one process. It outlives the configs: a reload is taken over by `reconfigure`. */
export interface Observer {
  /** Called once, at the very end of an exchange: its failure line, its access line, its metrics. */
  finish(exchange: Exchange): void;
  readonly report: Report;
  /** For what happens outside of exchanges: start, drain, reload. */
  readonly log: EventLog;
  /** The `event=listening` line, told whatever the level. */
  listening(address: ListeningRecord): void;
  /** Everything in Prometheus text format. */
  metrics(): Promise<string>;
  /** The same as plain data, for SummedMetrics. */
  metricSnapshot(): Promise<MetricSnapshot[]>;
  readonly levels: readonly LogLevel[];
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
  /** Called once a reloaded config is in force: series of routes and upstreams that are gone are forgotten. */
  reconfigure(config: LogConfig, routes: readonly string[]): void;
  /** Resolves when every line is written. */
  close(): Promise<void>;
}

const standardOutput = 1;

/** The observer of a gateway. The only place where a request's end becomes log lines and numbers. */
export function createObserver(options: ObserverOptions): Observer {
  const destination = options.destination ?? asyncDestination(standardOutput);
  const log = new Log(options.config, destination);
  const failures = new FailureLog(log.events, destination, options.config.redact);
  const sheds = new ShedLog(options.config.shedsPerSecond);
  const metrics = new Metrics(options.routes, { ...options, sheds, droppedLines: () => destination.dropped });

  return {
    finish: finisher({ log, metrics, sheds, failures, destination }),
    report: reporter(log, metrics),
    log: log.events,
    listening: (address) => log.listening(address),
    metrics: () => metrics.render(),
    metricSnapshot: () => metrics.snapshot(),
    levels: logLevels,
    get level() {
      return log.level;
    },
    setLevel(level) {
      log.level = level;
    },
    reconfigure(config, routes) {
      log.reconfigure(config);
      failures.reconfigure(config.redact);
      sheds.reconfigure(config.shedsPerSecond);
      metrics.reconfigure(routes);
    },
    close: () => destination.close(),
  };
}

interface Finishing {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly sheds: ShedLog;
  readonly failures: FailureLog;
  readonly destination: LogDestination;
}

function finisher({ log, metrics, sheds, failures, destination }: Finishing): Observer["finish"] {
  return (exchange) => {
    const outcome = outcomeOf(exchange);
    const now = exchange.clock.now();
    const durationMs = Math.max(0, now - exchange.startedAt);
    metrics.finish(exchange, outcome, durationMs);
    const { failure } = exchange;
    const hasFailureLine = failure !== undefined && log.events.isLevelEnabled(failureLevel(failure));
    if (!hasFailureLine && !log.writesAccess) return;
    const omitted = failure !== undefined && isShed(exchange) ? sheds.omittedBefore(failure.code, now) : 0;
    if (omitted === undefined) return;
    const ending = { outcome, durationMs, omitted };
    if (hasFailureLine) failures.write(exchange, failure, ending);
    if (log.writesAccess) destination.write(accessLine(exchange, ending));
  };
}

function reporter(log: Log, metrics: Metrics): Report {
  return (event) => {
    if (event.event === "reload") metrics.reloaded(event.outcome);
    if (event.event === "certificate") metrics.certificateReloaded(event.outcome);
    if (event.event === "tls_handshake") metrics.handshakeFailed();
    if (event.event === "quota_store") metrics.quotaStore(event.state);
    if (event.event === "connection_error") {
      const { event: name, error } = event;
      return log.events.error({ event: name, cause: causeChain(error), stack: stackOf(error) });
    }
    if (event.event !== "response_schema") return log.events[eventLevel(event)](event);
    metrics.schemas.count(event);
    const omitted = metrics.schemas.omittedBefore(event);
    if (omitted !== undefined) log.events.warn({ ...event, omitted });
  };
}

function eventLevel(event: Exclude<GatewayEvent, ResponseSchemaEvent | { event: "connection_error" }>): LogLevel {
  // Anybody can make one fail, as often as he likes: counted always, told to who asks.
  if (event.event === "tls_handshake") return "debug";
  if (event.event === "breaker") return event.to === "open" ? "warn" : "info";
  if (event.event === "health") return event.to === "unhealthy" ? "warn" : "info";
  if (event.event === "quota_store") return event.state === "down" ? "warn" : "info";
  return event.outcome === "success" ? "info" : "error";
}
