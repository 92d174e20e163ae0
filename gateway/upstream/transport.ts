import type { TimerHandle } from "../exchange/clock.ts";
import type { Attempt, Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { OutgoingRequest, TransportOptions } from "./carrier.ts";

import { Connection } from "./connection.ts";

/** How often idle connections are looked through. Milliseconds. */
const sweepMs = 500;

/**
 * All connections to one target. Each carries one request at a time and is taken from the top of the idle list, so that
 * what is not needed grows old at the bottom and is closed.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #isClosed = false;
  #sweeper: TimerHandle | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { addresses } = options.endpoint;
    if (addresses !== undefined) addresses.changed = () => this.#leaveVanished();
  }

  get connections(): { readonly busy: number; readonly idle: number } {
    return { busy: this.#all.size - this.#idle.length, idle: this.#idle.length };
  }

  /**
   * Sends the exchange's request and settles with the head of the answer. Rejects with whatever went wrong; the
   * attempt's facts say where.
   */
  send(exchange: Exchange, attempt: Attempt, request: OutgoingRequest): Promise<UpstreamAnswer> {
    const connection = (request.isFresh ? undefined : this.#takeIdle(exchange.clock.now())) ?? this.#open();
    return connection.send(exchange, attempt, request);
  }

  /** Closes idle connections now and the others as their calls end. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
    this.#stopSweep();
  }

  /** The one that was used last. One that has been idle for too long may be closed by the upstream at any moment. */
  #takeIdle(now: number): Connection | undefined {
    for (let one = this.#idle.pop(); one !== undefined; one = this.#idle.pop()) {
      if (now < one.idleUntil) return one;
      this.#drop(one);
    }
    return undefined;
  }

  #open(): Connection {
    const connection = new Connection(this.#options, {
      free: (it) => this.#free(it),
      drop: (it) => this.#drop(it),
    });
    this.#all.add(connection);
    return connection;
  }

  #free(connection: Connection): void {
    if (this.#isClosed || this.#hasVanished(connection)) this.#drop(connection);
    else {
      connection.idleUntil = this.#options.clock.now() + connection.keepAliveMs;
      this.#idle.push(connection);
      this.#sweeper ??= this.#options.clock.setTimeout(sweep, sweepMs, this);
    }
  }

  /** Closes connections that have been idle for too long: one timer for all of them. */
  sweep(): void {
    this.#sweeper = undefined;
    const now = this.#options.clock.now();
    for (const connection of this.#idle.filter((one) => one.idleUntil <= now)) this.#drop(connection);
    if (this.#idle.length > 0) this.#sweeper = this.#options.clock.setTimeout(sweep, sweepMs, this);
  }

  #stopSweep(): void {
    if (this.#sweeper !== undefined) this.#options.clock.clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** Idle connections to addresses that the name has no more would keep requests at a server that is being left. */
  #leaveVanished(): void {
    for (const connection of this.#idle.filter((one) => this.#hasVanished(one))) this.#drop(connection);
  }

  #hasVanished({ remoteAddress }: Connection): boolean {
    return this.#options.endpoint.addresses?.has(remoteAddress) === false;
  }

  #drop(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    connection.destroy();
  }
}

function sweep(transport: Transport): void {
  transport.sweep();
}
