import type { AttemptTarget } from "../attempt/attempts.ts";
import type { BreakerOptions } from "../breaker/breaker.ts";
import type { Clock } from "../exchange/clock.ts";
import type { TargetConfig, UpstreamConfig, UpstreamTlsConfig } from "../config/schema.ts";
import type { Attempt, Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { Endpoint } from "../upstream/connect.ts";
import type { OutgoingRequest } from "../upstream/carrier.ts";
import type { Report, TargetView } from "../exchange/events.ts";

import { readFileSync } from "node:fs";
import { isIP } from "node:net";

import { Breaker } from "../breaker/breaker.ts";
import { Health } from "../balance/health.ts";
import { SlowStart } from "../balance/slow-start.ts";
import { Addresses } from "../upstream/addresses.ts";
import { probe } from "../upstream/probe.ts";
import { Transport } from "../upstream/transport.ts";
import { WebSockets } from "../upstream/websockets.ts";

export interface TargetOptions {
  /** The upstream's. */
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  /** The request to send for an exchange, once its target's own Host is known. */
  readonly outgoing: (exchange: Exchange, targetHost: string) => Omit<OutgoingRequest, "isFresh">;
}

/** One target in service: its breaker, its health and its connections. */
export class UpstreamTarget implements AttemptTarget {
  readonly label: string;
  readonly breaker: Breaker;
  readonly #weight: number;
  readonly #slowStart: SlowStart;
  readonly #health: Health | undefined;
  readonly #transport: Transport;
  readonly #webSockets: WebSockets;
  readonly #addresses: Addresses | undefined;
  readonly #host: string;
  readonly #outgoing: TargetOptions["outgoing"];
  readonly #closing = new AbortController();

  constructor(options: TargetOptions, target: TargetConfig) {
    const { config, clock } = options;
    const endpoint = endpointOf(new URL(target.url), options);
    this.#addresses = endpoint.addresses;
    this.label = `${bracketed(endpoint.hostname)}:${endpoint.port}`;
    this.#weight = target.weight;
    this.#host = new URL(target.url).host;
    this.#outgoing = options.outgoing;
    this.#slowStart = new SlowStart(clock, config.slowStart);
    this.#transport = new Transport({ endpoint, clock, keepAliveMs: config.timeouts.keepAlive });
    this.#webSockets = new WebSockets({ endpoint, idleMs: config.websockets.idle });
    this.breaker = new Breaker(breakerOptions(options, this.label));
    this.#health = config.health === undefined ? undefined : this.#watch(config.health, endpoint, options);
  }

  /** What it is configured to have; less while it is new to its work. */
  get weight(): number {
    return this.#weight * this.#slowStart.share;
  }

  get inFlight(): number {
    return this.#transport.connections.busy + this.#webSockets.open;
  }

  get isHealthy(): boolean {
    return this.#health?.isHealthy ?? true;
  }

  get returnsInMs(): number {
    return this.#health?.returnsInMs ?? 0;
  }

  send(exchange: Exchange, attempt: Attempt, isFresh: boolean): Promise<UpstreamAnswer> {
    const by = exchange.isUpgrade ? this.#webSockets : this.#transport;
    return by.send(exchange, attempt, { ...this.#outgoing(exchange, this.#host), isFresh });
  }

  view(): TargetView {
    const { state, reason, opens, retryAfterMs } = this.breaker;
    const connections = { busy: this.inFlight, idle: this.#transport.connections.idle };
    return {
      target: this.label,
      healthy: this.isHealthy,
      breaker: state,
      breakerReason: reason,
      breakerOpens: opens,
      retryAfterMs,
      connections,
    };
  }

  close(): void {
    this.#health?.close();
    this.#closing.abort();
    this.breaker.close();
    this.#transport.close();
    this.#addresses?.close();
  }

  #watch(config: NonNullable<UpstreamConfig["health"]>, endpoint: Endpoint, options: TargetOptions): Health {
    const { clock, random, report, name: upstream } = options;
    const probing = { endpoint, host: this.#host, path: config.path, timeoutMs: config.timeout, clock };
    return new Health({
      intervalMs: config.interval,
      unhealthyAfter: config.unhealthyAfter,
      healthyAfter: config.healthyAfter,
      clock,
      random,
      probe: () => probe(probing, this.#closing.signal),
      changed: (change) => {
        if (change.to === "healthy") this.#slowStart.begin();
        report({ event: "health", upstream, target: this.label, ...change });
      },
      recovered: () => this.breaker.trialNow(),
    });
  }
}

function breakerOptions(
  { config, clock, random, report, name: upstream }: TargetOptions,
  target: string,
): BreakerOptions {
  const { breaker } = config;
  return {
    errorRate: breaker.errorRate,
    windowMs: breaker.window,
    minimumRequests: breaker.minimumRequests,
    openMs: breaker.open,
    maxOpenMs: breaker.maxOpen,
    trials: breaker.trials,
    rampMs: breaker.ramp,
    slowCallMs: breaker.slowCallDuration,
    slowCallRate: breaker.slowCallRate,
    clock,
    random,
    changed: (change) => report({ event: "breaker", upstream, target, ...change }),
  };
}

function endpointOf(url: URL, { config: { tls, dns }, clock }: TargetOptions): Endpoint {
  const isTls = url.protocol === "https:";
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (isTls ? 443 : 80);
  return {
    hostname,
    port,
    tls: isTls ? { options: tlsOptions(hostname, tls), session: undefined } : undefined,
    ...(isIP(hostname) === 0 ? { addresses: new Addresses({ hostname, refreshMs: dns.refresh, clock }) } : {}),
  };
}

/** Verified by default, against the system's authorities or the configured one; SNI is never an address (RFC 6066 §3). */
function tlsOptions(hostname: string, tls: UpstreamTlsConfig | undefined) {
  const name = tls?.serverName ?? hostname;
  return {
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2" as const,
    rejectUnauthorized: tls?.verify ?? true,
    ...(tls?.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    ...(tls?.cert === undefined ? {} : { cert: readFileSync(tls.cert) }),
    ...(tls?.key === undefined ? {} : { key: readFileSync(tls.key) }),
  };
}

function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
