import type { AttemptPlan, AttemptTarget } from "./attempt/attempts.ts";
import type { Policy } from "./balance/pool.ts";
import type { Clock } from "./clock.ts";
import type { TargetConfig, UpstreamConfig, UpstreamTlsConfig } from "./config/schema.ts";
import type { Permit } from "./acquire/concurrency.ts";
import type { Attempt, Exchange, UpstreamAnswer } from "./exchange.ts";
import type { Endpoint } from "./forward/connect.ts";
import type { OutgoingRequest } from "./forward/carrier.ts";
import type { Report, UpstreamView } from "./observe/events.ts";

import { readFileSync } from "node:fs";
import { isIP } from "node:net";

import { Concurrency } from "./acquire/concurrency.ts";
import { Breaker } from "./attempt/breaker.ts";
import { RetryBudget } from "./attempt/budget.ts";
import { LeastRequest } from "./balance/policy/least-request.ts";
import { RoundRobin } from "./balance/policy/round-robin.ts";
import { WeightedRandom } from "./balance/policy/weighted-random.ts";
import { TargetPool } from "./balance/pool.ts";
import { Transport } from "./forward/transport.ts";
import { WebSockets } from "./forward/websockets.ts";

export interface UpstreamOptions {
  readonly name: string;
  readonly config: UpstreamConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly report: Report;
  /** The request to send for an exchange, once its target's own Host is known. */
  readonly outgoing: (exchange: Exchange, targetHost: string) => Omit<OutgoingRequest, "isFresh">;
}

/** One upstream in service: its permits, its targets with their breakers and connections. */
export class Upstream implements AttemptPlan {
  readonly name: string;
  readonly concurrency: Concurrency;
  /** WebSockets live long: they have places of their own, so that they leave the permits to requests. */
  readonly #webSockets: Concurrency;
  readonly failureStatuses: ReadonlySet<number>;
  readonly retryBudget: RetryBudget;
  readonly #pool: TargetPool<UpstreamTarget>;

  constructor(options: UpstreamOptions) {
    const { config, name } = options;
    const { limit, queue } = config.concurrency;
    this.name = name;
    // `knee` is refused when the configuration is loaded, until there is one.
    this.concurrency = new Concurrency({
      limit: typeof limit === "number" ? limit : config.concurrency.max,
      queueDepth: queue.depth,
      queueWaitMs: queue.wait,
    });
    this.#webSockets = new Concurrency({ limit: config.websockets.max, queueDepth: 0, queueWaitMs: 0 });
    this.failureStatuses = new Set(config.breaker.statuses);
    this.retryBudget = new RetryBudget(config.retryBudget);
    const targets = config.targets.map((target) => new UpstreamTarget(options, target));
    this.#pool = new TargetPool(targets, policyOf(options));
  }

  acquire(exchange: Exchange): Permit | Promise<Permit> {
    return (exchange.upgradeHead === undefined ? this.concurrency : this.#webSockets).acquire(exchange);
  }

  get targets(): readonly AttemptTarget[] {
    return this.#pool.targets;
  }

  pick(admits: (target: AttemptTarget) => boolean): AttemptTarget | undefined {
    return this.#pool.pick(admits);
  }

  view(): UpstreamView {
    const { inFlight, queued, limit } = this.concurrency;
    const webSockets = this.#webSockets.inFlight;
    const targets = this.#pool.targets.map((target) => target.view());
    return { upstream: this.name, inFlight, queued, limit, webSockets, targets };
  }

  close(): void {
    for (const target of this.#pool.targets) target.close();
  }
}

class UpstreamTarget implements AttemptTarget {
  readonly label: string;
  readonly weight: number;
  readonly breaker: Breaker;
  readonly #transport: Transport;
  readonly #webSockets: WebSockets;
  readonly #host: string;
  readonly #outgoing: UpstreamOptions["outgoing"];

  constructor(options: UpstreamOptions, target: TargetConfig) {
    const { config, clock, name: upstream, report } = options;
    const endpoint = endpointOf(new URL(target.url), config.tls);
    this.label = `${bracketed(endpoint.hostname)}:${endpoint.port}`;
    this.weight = target.weight;
    this.#host = new URL(target.url).host;
    this.#outgoing = options.outgoing;
    this.#transport = new Transport({ endpoint, keepAliveMs: config.timeouts.keepAlive });
    this.#webSockets = new WebSockets({ endpoint, idleMs: config.websockets.idle });
    this.breaker = new Breaker({
      errorRate: config.breaker.errorRate,
      windowMs: config.breaker.window,
      minimumRequests: config.breaker.minimumRequests,
      openMs: config.breaker.open,
      maxOpenMs: config.breaker.maxOpen,
      trials: config.breaker.trials,
      rampMs: config.breaker.ramp,
      slowCallMs: config.breaker.slowCallDuration,
      slowCallRate: config.breaker.slowCallRate,
      clock,
      random: options.random,
      changed: (change) => report({ event: "breaker", upstream, target: this.label, ...change }),
    });
  }

  get inFlight(): number {
    return this.#transport.connections.busy + this.#webSockets.open;
  }

  send(exchange: Exchange, attempt: Attempt, isFresh: boolean): Promise<UpstreamAnswer> {
    const by = exchange.upgradeHead === undefined ? this.#transport : this.#webSockets;
    return by.send(exchange, attempt, { ...this.#outgoing(exchange, this.#host), isFresh });
  }

  view(): UpstreamView["targets"][number] {
    const { state, reason, opens, retryAfterMs } = this.breaker;
    const connections = { busy: this.inFlight, idle: this.#transport.connections.idle };
    return {
      target: this.label,
      breaker: state,
      breakerReason: reason,
      breakerOpens: opens,
      retryAfterMs,
      connections,
    };
  }

  close(): void {
    this.breaker.close();
    this.#transport.close();
  }
}

function policyOf({ config, random }: UpstreamOptions): Policy<UpstreamTarget> {
  switch (config.balance) {
    case "round-robin":
      return new RoundRobin();
    case "random":
      return new WeightedRandom(random);
    case "least-request":
    case "hash": // refused when the configuration is loaded, until there is one
      return new LeastRequest(random);
  }
}

function endpointOf(url: URL, tls: UpstreamTlsConfig | undefined): Endpoint {
  const isTls = url.protocol === "https:";
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (isTls ? 443 : 80);
  return { hostname, port, tls: isTls ? { options: tlsOptions(hostname, tls), session: undefined } : undefined };
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
