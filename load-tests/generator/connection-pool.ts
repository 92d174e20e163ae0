import { setTimeout as delay } from "node:timers/promises";

import type { Address, Listener } from "./connection.ts";

import { Connection } from "./connection.ts";

/** Below the 20,000 file descriptors that a process commonly may have. */
const maxConnections = 18_000;
/** Shorter than gateways keep idle connections (75 s, as a rule), so that a request does not meet a closing one. */
const maxIdleMs = 60_000;
/** Of the time that a server says it keeps idle connections: its word that it closes one takes some time to come. */
const closingMs = 1000;
/**
 * Connections that connect at the same time, and the pause before the next so many. The kernel completes a handshake
 * before the server has accepted: without the pause they would fill its backlog.
 */
const waveSize = 32;
const wavePauseMs = 10;
const maxWarmingMs = 5000;

/**
 * All connections to the ports of a plan. Idle ones are taken last in, first out, as clients' pools do; but before them
 * those that were never asked, for which servers wait less long than between two requests.
 */
export class ConnectionPool<T> {
  readonly #addresses: readonly Address[];
  readonly #listener: Listener<T>;
  /** By port. */
  readonly #unasked: ReadonlyArray<Connection<T>[]>;
  /** By port. The longest idle lies at the bottom. */
  readonly #idle: ReadonlyArray<Connection<T>[]>;
  readonly #all = new Set<Connection<T>>();
  /** Less where a server says that it keeps them less long. */
  #maxIdleMs = maxIdleMs;

  constructor(addresses: readonly Address[], listener: Listener<T>) {
    this.#addresses = addresses;
    this.#listener = listener;
    this.#unasked = addresses.map(() => []);
    this.#idle = addresses.map(() => []);
  }

  /**
   * Opens this many, in turn over the ports, at a pace that a server can take, and keeps them. Those that are not
   * connected in time are not waited for. Rejects where nobody listens, or nothing is connected in time.
   */
  async warm(count: number, withinMs = maxWarmingMs): Promise<void> {
    const waiting = new AbortController();
    const isLate = delay(withinMs, undefined, { signal: waiting.signal });
    isLate.catch(() => undefined);
    try {
      await Promise.race([this.#openInWaves(count, waiting.signal), isLate]);
    } finally {
      waiting.abort();
    }
    if (this.#unasked.every(({ length }) => length === 0)) throw new Error(`no connection within ${withinMs} ms`);
  }

  /** An idle one, or else a new one, which may still be connecting; undefined where there are too many. */
  take(place: number): Connection<T> | undefined {
    return popOpen(this.#unasked[place]) ?? popOpen(this.#idle[place]) ?? this.#open(place);
  }

  /** Takes it back after a whole answer. */
  give(connection: Connection<T>, nowMs: number): void {
    connection.call = undefined;
    if (connection.parser.closes) {
      connection.destroy();
      return;
    }
    this.#maxIdleMs = Math.min(this.#maxIdleMs, connection.parser.keepAliveMs - closingMs);
    connection.idleSinceMs = nowMs;
    this.#idle[connection.place]?.push(connection);
  }

  /** To be told of each that has closed. */
  forget(connection: Connection<T>): void {
    this.#all.delete(connection);
  }

  /** Closes those that have been idle for long. */
  sweep(nowMs: number): void {
    for (const idle of [...this.#unasked, ...this.#idle]) {
      const kept = idle.findIndex(({ isOpen, idleSinceMs }) => isOpen && nowMs - idleSinceMs <= this.#maxIdleMs);
      for (const connection of idle.splice(0, kept === -1 ? idle.length : kept)) connection.destroy();
    }
  }

  close(): void {
    for (const connection of this.#all) connection.destroy();
  }

  async #openInWaves(count: number, waiting: AbortSignal): Promise<void> {
    for (let opened = 0; opened < count && !waiting.aborted; opened += waveSize) {
      const places = Array.from({ length: Math.min(waveSize, count - opened) }, (_, index) => opened + index);
      // One wave after the other: that is the pace.
      await Promise.all(places.map((place) => this.#stand(place % this.#addresses.length)));
      await delay(wavePauseMs);
    }
  }

  async #stand(place: number): Promise<void> {
    const connection = this.#open(place);
    await connection?.connected();
    if (connection !== undefined) this.#unasked[place]?.push(connection);
  }

  #open(place: number): Connection<T> | undefined {
    const address = this.#addresses[place];
    if (address === undefined || this.#all.size >= maxConnections) return undefined;
    const connection = new Connection<T>(address, place, this.#listener);
    this.#all.add(connection);
    return connection;
  }
}

function popOpen<T>(connections: Connection<T>[] | undefined): Connection<T> | undefined {
  let connection = connections?.pop();
  while (connection?.isOpen === false) connection = connections?.pop();
  return connection;
}
