import type { Field } from "./http-message.ts";
import type { RawClient } from "./raw-client.ts";

import { connectClient, requestBytes } from "./raw-client.ts";

export interface OpenLoopShape {
  /** Asked in turn. */
  readonly ports: readonly number[];
  readonly ratePerSecond: number;
  readonly method?: string;
  readonly target?: string;
  readonly fields?: readonly Field[];
}

/** One request of the load. Times in monotonic milliseconds. */
export interface Asked {
  readonly sentAt: number;
  /** From when it was due to the end of its answer: whoever keeps it from being sent is charged for that too. */
  readonly ms: number;
  /** 0 where the connection broke. */
  readonly status: number;
}

/** Asks at a fixed rate over kept connections, whatever becomes of the answers, until it is told to stop. */
export class OpenLoop {
  readonly #shape: OpenLoopShape;
  readonly #idle: RawClient[][];
  readonly #bytes: Buffer;
  readonly #pending: Promise<void>[] = [];
  readonly #running: Promise<void>;
  readonly asked: Asked[] = [];
  #isStopped = false;

  constructor(shape: OpenLoopShape) {
    this.#shape = shape;
    this.#idle = shape.ports.map(() => []);
    const { method = "GET", target = "/", fields = [] } = shape;
    this.#bytes = requestBytes({ method, target, fields });
    this.#running = this.#run();
  }

  /** Sends no more, and resolves when all is answered. */
  async stop(): Promise<readonly Asked[]> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#pending);
    for (const client of this.#idle.flat()) client[Symbol.dispose]();
    return this.asked;
  }

  async #run(): Promise<void> {
    const began = performance.now();
    const gapMs = 1000 / this.#shape.ratePerSecond;
    for (let sent = 0; !this.#isStopped;) {
      const now = performance.now();
      for (; began + sent * gapMs <= now; sent += 1) this.#pending.push(this.#ask(began + sent * gapMs, sent));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async #ask(dueAt: number, turn: number): Promise<void> {
    const place = turn % this.#shape.ports.length;
    const idle = this.#idle[place] ?? [];
    const sentAt = performance.now();
    let status = 0;
    try {
      const client = idle.pop() ?? (await connectClient(this.#shape.ports[place] ?? 0));
      client.send(this.#bytes);
      status = (await client.response()).status;
      idle.push(client);
    } catch {
      // The connection broke: told by the status.
    }
    this.asked.push({ sentAt, ms: performance.now() - dueAt, status });
  }
}

/** The load of `seconds`. */
export async function askSteadily(shape: OpenLoopShape, seconds: number): Promise<readonly Asked[]> {
  const load = new OpenLoop(shape);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return load.stop();
}

export function countOf(asked: readonly Asked[], status: number): number {
  return asked.filter((one) => one.status === status).length;
}

/** From the first to the last request, in seconds. */
export function spanOf(asked: readonly Asked[]): number {
  const times = asked.map(({ sentAt }) => sentAt);
  return (Math.max(...times) - Math.min(...times)) / 1000;
}

/** From the first request to the last answer, in seconds. */
export function wholeSpanOf(asked: readonly Asked[]): number {
  const first = Math.min(...asked.map(({ sentAt }) => sentAt));
  return (Math.max(...asked.map(({ sentAt, ms }) => sentAt + ms)) - first) / 1000;
}

/** Rounded to a hundredth of a millisecond. */
export function percentileMs(asked: readonly Asked[], share: number): number {
  const sorted = asked.map(({ ms }) => ms).toSorted((one, other) => one - other);
  return Math.round((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) * 100) / 100;
}
