import type { Attempt, Exchange, UpstreamAnswer } from "../exchange.ts";
import type { OutgoingRequest, TransportOptions } from "./carrier.ts";

import { Connection } from "./connection.ts";

/**
 * All connections to one target. Each is an undici client of its own, carries one request at a time, and is taken from
 * the top of the idle list, so that what is not needed grows old at the bottom and is closed.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #isClosed = false;

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
    const connection = (request.isFresh ? undefined : this.#idle.pop()) ?? this.#open();
    return connection.send(exchange, attempt, request);
  }

  /** Closes idle connections now and the others as their calls end. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
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
    else this.#idle.push(connection);
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
