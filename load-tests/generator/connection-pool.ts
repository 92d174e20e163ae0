import type { Address, Listener } from "./connection.ts";

import { Connection } from "./connection.ts";

/** Below the 20,000 file descriptors that a process commonly may have. */
const maxConnections = 18_000;
/** Shorter than servers keep idle connections (5 s and more), so that a request does not meet a closing one. */
const maxIdleMs = 4000;

/** All connections to the ports of a plan. Idle ones are taken last in, first out, as clients' pools do. */
export class ConnectionPool<T> {
  readonly #addresses: readonly Address[];
  readonly #listener: Listener<T>;
  /** By port. The longest idle lies at the bottom. */
  readonly #idle: ReadonlyArray<Connection<T>[]>;
  readonly #all = new Set<Connection<T>>();

  constructor(addresses: readonly Address[], listener: Listener<T>) {
    this.#addresses = addresses;
    this.#listener = listener;
    this.#idle = addresses.map(() => []);
  }

  /** Opens this many, in turn over the ports. Rejects where nobody listens. */
  async warm(count: number): Promise<void> {
    const places = Array.from({ length: count }, (_, index) => index % this.#addresses.length);
    const connections = places.map((place) => this.#open(place)).filter((connection) => connection !== undefined);
    await Promise.all(connections.map((connection) => connection.connected()));
    for (const connection of connections) this.give(connection, 0);
  }

  /** An idle one, or else a new one, which may still be connecting; undefined where there are too many. */
  take(place: number): Connection<T> | undefined {
    const idle = this.#idle[place];
    for (let connection = idle?.pop(); connection !== undefined; connection = idle?.pop()) {
      if (connection.isOpen) return connection;
    }
    return this.#open(place);
  }

  /** Takes it back after a whole answer. */
  give(connection: Connection<T>, nowMs: number): void {
    connection.call = undefined;
    if (connection.parser.closes) {
      connection.destroy();
      return;
    }
    connection.idleSinceMs = nowMs;
    this.#idle[connection.place]?.push(connection);
  }

  /** To be told of each that has closed. */
  forget(connection: Connection<T>): void {
    this.#all.delete(connection);
  }

  /** Closes those that have been idle for long. */
  sweep(nowMs: number): void {
    for (const idle of this.#idle) {
      const kept = idle.findIndex(({ isOpen, idleSinceMs }) => isOpen && nowMs - idleSinceMs <= maxIdleMs);
      for (const connection of idle.splice(0, kept === -1 ? idle.length : kept)) connection.destroy();
    }
  }

  close(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(place: number): Connection<T> | undefined {
    const address = this.#addresses[place];
    if (address === undefined || this.#all.size >= maxConnections) return undefined;
    const connection = new Connection<T>(address, place, this.#listener);
    this.#all.add(connection);
    return connection;
  }
}
