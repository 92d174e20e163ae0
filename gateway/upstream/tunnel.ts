import type { Socket } from "node:net";

import type { Exchange, Waiter } from "../exchange/exchange.ts";

import { Failure, TimerExpired } from "../failures/failure.ts";

/** How long one side may still speak once the other has finished. WebSockets have no use for half a connection. */
const lingerMs = 1000;

export interface TunnelOptions {
  readonly exchange: Exchange;
  readonly client: Socket;
  readonly upstream: Socket;
  /** Longest silence of both sides, in milliseconds. */
  readonly idleMs: number;
}

/**
 * Two sockets that are piped into each other, to their common end: counts what passes, and sees to it that neither
 * side outlives the other. Whoever ends it, and in whatever way, it is an ordinary end, but for an upstream that
 * breaks off and the drain's deadline.
 */
export class JoinedSockets implements Waiter {
  readonly #options: TunnelOptions;
  readonly ended: Promise<void>;
  #resolve!: () => void;
  #reject!: (reason: Failure) => void;
  #patienceMs: number;
  #open = 2;
  #brokenBy: Failure | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#patienceMs = options.idleMs;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { exchange, client, upstream } = options;
    client.on("data", (chunk: Buffer) => {
      exchange.bytesIn += chunk.length;
      this.#heard();
    });
    upstream.on("data", (chunk: Buffer) => {
      exchange.bytesOut += chunk.length;
      this.#heard();
    });
    upstream.once("error", (cause) => {
      if (this.#patienceMs !== lingerMs) this.#brokenBy = new Failure("upstream_incomplete", { cause });
    });
    this.#watchEnd(client, upstream);
    this.#watchEnd(upstream, client);
    this.#heard();
    exchange.await(this);
  }

  /** The silence was too long, one side took too long to follow the other, or the process drains no longer. */
  cancel(reason: Error): void {
    if (reason instanceof TimerExpired && reason.timer === "drain") {
      this.#brokenBy = new Failure("draining", { cause: reason });
    }
    this.#options.client.destroy();
    this.#options.upstream.destroy();
  }

  #watchEnd(one: Socket, other: Socket): void {
    one.once("end", () => this.#wane());
    if (one.closed) this.#closed(other);
    else one.once("close", () => this.#closed(other));
  }

  #heard(): void {
    const { exchange } = this.#options;
    exchange.timer.wait("idle", exchange.clock.now() + this.#patienceMs);
  }

  #wane(): void {
    this.#patienceMs = lingerMs;
    this.#heard();
  }

  #closed(other: Socket): void {
    this.#wane();
    // What it was sent before may still be on its way out.
    other.destroySoon();
    if (--this.#open > 0) return;
    this.#options.exchange.settle();
    if (this.#brokenBy === undefined) this.#resolve();
    else this.#reject(this.#brokenBy);
  }
}
