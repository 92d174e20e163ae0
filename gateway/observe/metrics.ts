import { Gauge, Histogram, Registry } from "prom-client";

import type { Attempt, Exchange, Outcome } from "../exchange/exchange.ts";
import type { FailureCode } from "../failures/codes.ts";
import type { ConnectionsView, SheddingView, UpstreamView } from "../exchange/events.ts";
import type { CellCounter } from "./cell-counter.ts";
import type { ShedLog } from "./shed-log.ts";
import type { MetricSnapshot } from "./summed-metrics.ts";

import { failureCodes } from "../failures/codes.ts";
import { registerConnectionGauges } from "./connection-gauges.ts";
import { AttemptSeries } from "./attempt-series.ts";
import { cellsOf, register } from "./cell-counter.ts";
import { processRegistry } from "./process-metrics.ts";
import { RequestSeries, unmatchedRoute } from "./request-series.ts";
import { ResponseSchemaSeries } from "./response-schema-series.ts";
import { registerSheddingGauges } from "./shedding-gauges.ts";
import { upstreamGauges } from "./upstream-gauges.ts";

/** From a shed in a millisecond to a route's whole patience, in seconds. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

const switchingProtocols = 101;

const attemptOutcomes: ReadonlySet<string> = new Set(["success", ...failureCodes]);

/** Failures that refuse a request for load or quota, by which statuswise_shed_total is labelled. */
const shedCodes = [
  "overloaded",
  "concurrency_limited",
  "queue_timeout",
  "rate_limited",
] as const satisfies FailureCode[];

interface MetricsSources {
  readonly views: () => readonly UpstreamView[];
  readonly connections: () => ConnectionsView;
  readonly shedding?: () => SheddingView;
  readonly sheds: ShedLog;
  /** Log lines given up so far. */
  readonly droppedLines: () => number;
}

interface RouteSeries {
  readonly requests: RequestSeries;
  readonly duration: { observe(seconds: number): void };
}

/**
 * The gateway's metrics. Requests are counted in plain numbers, which prom-client gets to see when somebody asks:
 * its own counters make a string of the labels at every increment.
 */
export class Metrics {
  readonly #sources: MetricsSources;
  readonly #registry = new Registry();
  readonly #gauges = upstreamGauges(this.#registry);
  readonly #duration: Histogram<"route">;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #attempts = new AttemptSeries("outcome");
  readonly #retries = new AttemptSeries("decision");
  readonly #shed = cellsOf("reason", shedCodes);
  readonly #reloads = cellsOf("outcome", ["success", "failure"]);
  readonly #certificates = cellsOf("outcome", ["success", "failure"]);
  readonly schemas = new ResponseSchemaSeries(() => performance.now());
  #quotaStore: Gauge | undefined;
  #failedHandshakes = 0;

  constructor(routes: readonly string[], sources: MetricsSources) {
    this.#sources = sources;
    this.#duration = new Histogram({
      name: "statuswise_request_duration_seconds",
      help: "From a request's head to the last byte of its response.",
      labelNames: ["route"],
      buckets: durationBuckets,
      registers: [this.#registry],
    });
    for (const route of [...routes, unmatchedRoute]) this.#routes.set(route, this.#begin(route));
    registerConnectionGauges(sources.connections, this.#registry);
    if (sources.shedding !== undefined) registerSheddingGauges(sources.shedding, this.#registry);
    this.#registerCounters();
  }

  finish(exchange: Exchange, outcome: Outcome, durationMs: number): void {
    const series = this.#seriesOf(exchange.route?.id ?? unmatchedRoute);
    series.requests.count(exchange.inbound.method, outcome.status, outcome.code);
    // A tunnel's life is no response time.
    if (outcome.status !== switchingProtocols) series.duration.observe(durationMs / 1000);
    const shed = this.#shed.get(outcome.code);
    if (shed !== undefined) shed.count += 1;
    const { upstream } = exchange;
    if (upstream === undefined) return;
    for (const attempt of exchange.attempts) this.#countAttempt(upstream, attempt);
  }

  #countAttempt(upstream: string, { outcome, retry }: Attempt): void {
    // One that was given up before it had an outcome is another kind.
    this.#attempts.count(upstream, outcome !== undefined && attemptOutcomes.has(outcome) ? outcome : "other");
    if (retry !== undefined) this.#retries.count(upstream, retry);
  }

  reloaded(outcome: "success" | "failure"): void {
    const cell = this.#reloads.get(outcome);
    if (cell !== undefined) cell.count += 1;
  }

  certificateReloaded(outcome: "success" | "failure"): void {
    const cell = this.#certificates.get(outcome);
    if (cell !== undefined) cell.count += 1;
  }

  /** There is no such gauge where there is no store. */
  quotaStore(state: "up" | "down"): void {
    this.#quotaStore ??= new Gauge({
      name: "statuswise_quota_store_up",
      help: "Whether the store of shared quotas answers: 1, or 0.",
      aggregator: "min",
      registers: [this.#registry],
    });
    this.#quotaStore.set(state === "up" ? 1 : 0);
  }

  handshakeFailed(): void {
    this.#failedHandshakes += 1;
  }

  /** Takes over the routes of a reloaded config, and forgets the series of those that are gone. */
  reconfigure(routes: readonly string[]): void {
    const wanted = new Set([...routes, unmatchedRoute]);
    for (const route of this.#routes.keys()) {
      if (wanted.has(route)) continue;
      this.#routes.delete(route);
      this.#duration.remove({ route });
    }
    for (const route of wanted) this.#seriesOf(route);
    this.schemas.keep(wanted);
    const upstreams = new Set(this.#sources.views().map((view) => view.upstream));
    this.#attempts.keep(upstreams);
    this.#retries.keep(upstreams);
  }

  /** Everything in Prometheus text format 0.0.4. */
  async render(): Promise<string> {
    this.#read();
    const [own, process] = await Promise.all([this.#registry.metrics(), processRegistry().metrics()]);
    return `${own}\n${process}`;
  }

  /** The same as plain data, to be summed up with other processes'. */
  async snapshot(): Promise<MetricSnapshot[]> {
    this.#read();
    const registries = [this.#registry, processRegistry()];
    return (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat();
  }

  #read(): void {
    this.#gauges.read(this.#sources.views());
  }

  #seriesOf(route: string): RouteSeries {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const begun = this.#begin(route);
    this.#routes.set(route, begun);
    return begun;
  }

  #begin(route: string): RouteSeries {
    this.#duration.zero({ route });
    return { requests: new RequestSeries(route), duration: this.#duration.labels({ route }) };
  }

  #registerCounters(): void {
    const { sheds } = this.#sources;
    const counters = [...this.#requestCounters(), ...this.schemas.counters, sheds.counter, ...this.#processCounters()];
    for (const counter of counters) register(counter, this.#registry);
  }

  #requestCounters(): readonly CellCounter[] {
    return [
      {
        name: "statuswise_requests_total",
        help: "Requests ended, by what was answered and why.",
        labelNames: ["route", "method", "status", "code"],
        cells: () => [...this.#routes.values()].flatMap((series) => series.requests.cells),
      },
      {
        name: "statuswise_upstream_attempts_total",
        help: "Attempts made on an upstream: success, or the failure's code.",
        labelNames: ["upstream", "outcome"],
        cells: () => this.#attempts.cells,
      },
      {
        name: "statuswise_retries_total",
        help: "Attempts that something would have repeated: granted, stale_connection (in silence), or why not.",
        labelNames: ["upstream", "decision"],
        cells: () => this.#retries.cells,
      },
      {
        name: "statuswise_shed_total",
        help: "Requests refused for load or quota.",
        labelNames: ["reason"],
        cells: () => this.#shed.values(),
      },
    ];
  }

  /** Of what no request did. */
  #processCounters(): readonly CellCounter[] {
    return [
      {
        name: "statuswise_config_reload_total",
        help: "Config reloads; after a failure the last good config stays in force.",
        labelNames: ["outcome"],
        cells: () => this.#reloads.values(),
      },
      {
        name: "statuswise_certificate_reload_total",
        help: "Changes of the listener's TLS files; after a failure the last good ones stay in force.",
        labelNames: ["outcome"],
        cells: () => this.#certificates.values(),
      },
      {
        name: "statuswise_tls_handshake_errors_total",
        help: "TLS handshakes of clients that failed.",
        labelNames: [],
        cells: () => [{ labels: {}, count: this.#failedHandshakes }],
      },
      {
        name: "statuswise_connections_dropped_total",
        help: "Client connections closed as they came, over listen.maxConnections.",
        labelNames: [],
        cells: () => [{ labels: {}, count: this.#sources.connections().dropped }],
      },
      {
        name: "statuswise_connections_reclaimed_total",
        help: "Idle client connections closed for newcomers, at listen.maxConnections.",
        labelNames: [],
        cells: () => [{ labels: {}, count: this.#sources.connections().reclaimed }],
      },
      {
        name: "statuswise_log_lines_dropped_total",
        help: "Log lines given up because their reader was too slow or gone.",
        labelNames: [],
        cells: () => [{ labels: {}, count: this.#sources.droppedLines() }],
      },
    ];
  }
}
