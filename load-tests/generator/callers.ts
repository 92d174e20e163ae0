import { setTimeout as delay } from "node:timers/promises";

import type { Listener } from "./connection.ts";

import { Connection } from "./connection.ts";

export interface CallersOptions {
  /** Of 127.0.0.1. */
  readonly port: number;
  /** What each of them asks, byte for byte. */
  readonly request: Buffer;
  readonly count: number;
}

/** What became of the requests of a closed loop or of a burst. */
export interface Answers {
  /** How often each status came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests whose connection closed before the answer was whole. */
  readonly broken: number;
  /** From the first request to the last answer. */
  readonly seconds: number;
}

interface Round {
  readonly endsAtMs: number;
  readonly statuses: Map<number, number>;
  readonly over: PromiseWithResolvers<void>;
  /** Clients that wait for an answer, or have not begun. */
  active: number;
  broken: number;
}

/** Clients that connect, or begin to ask, at the same time, and the pause before the next so many. */
const waveSize = 32;
const wavePauseMs = 10;

/** An answer that takes longer will not come. */
const patienceMs = 30_000;

/**
 * Clients of a closed loop: each keeps one connection and has one request under way at most. They slow down with the
 * server, so they do not overload it. They show whether the server takes them for an overload.
 */
export class Callers implements Disposable {
  readonly #request: Buffer;
  readonly #connections: Connection<Round>[] = [];

  private constructor(request: Buffer) {
    this.#request = request;
  }

  /** Opens all connections, a few at a time: servers on Node accept one in each turn of their loop. */
  static async connect({ port, request, count }: CallersOptions): Promise<Callers> {
    using stack = new DisposableStack();
    const callers = stack.use(new Callers(request));
    const listener: Listener<Round> = {
      answered: (connection) => callers.#answered(connection),
      closed: ({ call }) => call !== undefined && callers.#break(call),
    };
    while (callers.#connections.length < count) {
      const wave = Math.min(waveSize, count - callers.#connections.length);
      const opened = Array.from({ length: wave }, () => new Connection({ host: "127.0.0.1", port }, 0, listener));
      callers.#connections.push(...opened);
      await Promise.all(opened.map((connection) => connection.connected()));
      await delay(wavePauseMs);
    }
    stack.move();
    return callers;
  }

  /** Each asks again once it is answered, for so long. They begin a few at a time, as clients that connect do. */
  async askInTurn(seconds: number): Promise<Answers> {
    return this.#play(performance.now() + seconds * 1000, wavePauseMs);
  }

  /** Each asks once, all at the same time. */
  async askAtOnce(): Promise<Answers> {
    return this.#play(0, 0);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.destroy();
  }

  async #play(endsAtMs: number, pauseMs: number): Promise<Answers> {
    const over = Promise.withResolvers<void>();
    const active = this.#connections.length;
    const round: Round = { endsAtMs, statuses: new Map(), over, active, broken: 0 };
    const beganAtMs = performance.now();
    const timer = setTimeout(
      () => over.reject(new Error(`${round.active} answers did not come within ${patienceMs} ms`)),
      Math.max(0, endsAtMs - beganAtMs) + patienceMs,
    );
    try {
      for (const [place, connection] of this.#connections.entries()) {
        if (pauseMs > 0 && place > 0 && place % waveSize === 0) await delay(pauseMs);
        this.#ask(connection, round);
      }
      await over.promise;
    } finally {
      clearTimeout(timer);
    }
    const { statuses, broken } = round;
    return { statuses, broken, seconds: (performance.now() - beganAtMs) / 1000 };
  }

  #ask(connection: Connection<Round>, round: Round): void {
    if (connection.isOpen) connection.ask(round, this.#request, false);
    else this.#break(round);
  }

  #answered(connection: Connection<Round>): void {
    const { call: round, parser } = connection;
    if (round === undefined) return;
    round.statuses.set(parser.status, (round.statuses.get(parser.status) ?? 0) + 1);
    connection.call = undefined;
    if (parser.closes) connection.destroy();
    if (performance.now() < round.endsAtMs) this.#ask(connection, round);
    else this.#end(round);
  }

  #break(round: Round): void {
    round.broken += 1;
    this.#end(round);
  }

  #end(round: Round): void {
    round.active -= 1;
    if (round.active === 0) round.over.resolve();
  }
}

export function countOf({ statuses }: Answers, status: number): number {
  return statuses.get(status) ?? 0;
}
