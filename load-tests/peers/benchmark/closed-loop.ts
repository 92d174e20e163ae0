import type { ClientConnection as Connection } from "./client-connection.ts";
import type { Slice, SliceOrder } from "./slice.ts";

import { setTimeout as delay } from "node:timers/promises";

import { ClientConnection } from "./client-connection.ts";
import { treeCpuMicroseconds } from "./process-tree.ts";
import { percentiles } from "./statistics.ts";

/** Connections that are opened at the same time: servers on Node accept one in each turn of their loop. */
const waveSize = 32;
/** An answer that takes longer counts as an error. */
const answerTimeoutMs = 10_000;
const settleMs = 20;
const messageCount = 3;

/**
 * Loads one proxy for one slice of time. Connections are opened and answered once before the time begins; each asks
 * again as soon as it is answered, until the time is over. Answers under way at the end are awaited and count.
 */
export async function runSlice(order: SliceOrder): Promise<Slice> {
  using loop = new ClosedLoop(order);
  await loop.open();
  return await loop.measure();
}

class ClosedLoop implements Disposable {
  readonly #order: SliceOrder;
  readonly #connections = new Set<Connection>();
  readonly #messages: string[] = [];
  #latencies: number[] = [];
  #answers = 0;
  #events = 0;
  #errors = 0;
  #busy = 0;
  #endsAtMs = 0;
  #quiet = Promise.withResolvers<void>();

  constructor(order: SliceOrder) {
    this.#order = order;
  }

  async open(): Promise<void> {
    const request = Buffer.from(this.#order.request, "latin1");
    const listener = {
      answered: (connection: Connection, latencyMs: number) => this.#answered(connection, latencyMs),
      event: (delayMs: number) => this.#event(delayMs),
      failed: (connection: Connection, message: string) => this.#failed(connection, message),
    };
    for (let left = this.#order.connections; left > 0; left -= waveSize) {
      const wave = Array.from(
        { length: Math.min(left, waveSize) },
        () => new ClientConnection(this.#order, request, listener),
      );
      for (const connection of wave) this.#connections.add(connection);
      await this.#ask(wave);
    }
    await delay(settleMs);
  }

  async measure(): Promise<Slice> {
    const { pid, durationMs } = this.#order;
    [this.#answers, this.#events, this.#latencies] = [0, 0, []];
    const cpuBefore = treeCpuMicroseconds(pid);
    const startedAtMs = performance.now();
    this.#endsAtMs = startedAtMs + durationMs;
    await this.#ask([...this.#connections]);
    const wallMs = performance.now() - startedAtMs;
    const cpuMicroseconds = treeCpuMicroseconds(pid) - cpuBefore;
    const [p50 = 0, p99 = 0] = percentiles(Float64Array.from(this.#latencies), [0.5, 0.99]);
    return {
      cpuMicroseconds,
      wallMs,
      answers: this.#answers,
      events: this.#events,
      ...(this.#latencies.length > 0 && { latencyMs: { p50, p99 } }),
      errors: this.#errors,
      messages: this.#messages,
    };
  }

  /** Asks on each connection, and waits until none has a request under way. */
  async #ask(connections: readonly Connection[]): Promise<void> {
    if (connections.length === 0) return;
    this.#quiet = Promise.withResolvers();
    this.#busy = connections.length;
    for (const connection of connections) connection.ask();
    const stop = new AbortController();
    const waitMs = Math.max(0, this.#endsAtMs - performance.now()) + answerTimeoutMs;
    const timeout = delay(waitMs, "late", { signal: stop.signal }).catch(() => {});
    const outcome = await Promise.race([this.#quiet.promise, timeout]);
    stop.abort();
    if (outcome !== "late") return;
    for (const connection of connections) {
      if (!connection.isBusy) continue;
      connection[Symbol.dispose]();
      this.#connections.delete(connection);
      this.#note(`no answer within ${answerTimeoutMs / 1000} s`);
    }
  }

  #answered(connection: Connection, latencyMs: number): void {
    this.#answers += 1;
    if (this.#order.expected.events === undefined) this.#latencies.push(latencyMs);
    if (performance.now() < this.#endsAtMs) connection.ask();
    else this.#rest();
  }

  #event(delayMs: number): void {
    this.#events += 1;
    if (!Number.isNaN(delayMs)) this.#latencies.push(delayMs);
  }

  #failed(connection: Connection, message: string): void {
    this.#connections.delete(connection);
    this.#note(message);
    if (connection.isBusy) this.#rest();
  }

  #rest(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#quiet.resolve();
  }

  #note(message: string): void {
    this.#errors += 1;
    if (this.#messages.length < messageCount) this.#messages.push(message);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }
}
