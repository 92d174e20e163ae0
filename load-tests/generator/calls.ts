import type { Call } from "./call.ts";
import type { ClientClass } from "./client-class.ts";
import type { Address, Connection, Listener } from "./connection.ts";
import type { Series } from "./series.ts";
import type { Failing, Tally } from "./tally.ts";

import { nextAttemptAt } from "./call.ts";
import { ConnectionPool } from "./connection-pool.ts";
import { isShed } from "./tally.ts";
import { TimerWheel } from "./timer-wheel.ts";

export interface CallsOptions {
  readonly addresses: readonly Address[];
  readonly series: Series;
  /** Milliseconds since the start of the load. */
  readonly clock: () => number;
  /** Told after each answer, once it is dealt with. */
  readonly afterAnswer: (nowMs: number) => void;
}

export interface NewCall {
  readonly client: ClientClass;
  readonly tally: Tally;
  readonly intendedAtMs: number;
  readonly isLeaving: boolean;
}

/** Failures of this machine and not of whoever is asked: out of file descriptors, of ports, of memory for sockets. */
const ownErrors = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** The requests under way, and what becomes of each. Records of ended ones are used again: no request leaves garbage. */
export class Calls implements Listener<Call> {
  readonly pool: ConnectionPool<Call>;
  /** Not ended yet. */
  openCount = 0;
  readonly #options: CallsOptions;
  readonly #wheel = new TimerWheel<Call>((call) => this.#wake(call));
  readonly #spare: Call[] = [];
  /** Of the port whose turn it is. */
  #place = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.pool = new ConnectionPool(options.addresses, this);
  }

  start({ client, tally, intendedAtMs, isLeaving }: NewCall): void {
    const call = this.#spare.pop() ?? emptyCall(client, tally);
    call.client = client;
    call.tally = tally;
    call.intendedAtMs = intendedAtMs;
    call.attemptAtMs = intendedAtMs;
    call.deadlineAtMs = intendedAtMs + client.deadlineMs;
    call.leavesAtMs = isLeaving ? intendedAtMs + client.leaveAfterMs : Infinity;
    call.attempts = 0;
    this.openCount += 1;
    this.#send(call);
  }

  /** Ends what has waited too long, and sends again what has waited for it. */
  advance(nowMs: number): void {
    this.#wheel.advance(nowMs);
  }

  answered(connection: Connection<Call>): void {
    const { call, parser } = connection;
    if (call === undefined) return;
    const nowMs = this.#options.clock();
    if (nowMs >= Math.min(call.deadlineAtMs, call.leavesAtMs)) this.#giveUp(call);
    else {
      call.status = parser.status;
      call.retryAfterSeconds = parser.retryAfterSeconds;
      call.tally.answer(parser, nowMs - call.attemptAtMs);
      call.connection = undefined;
      this.pool.give(connection, nowMs);
      if (call.status >= 200 && call.status < 300) this.#succeed(call, connection.place, nowMs);
      else this.#failAttempt(call, nowMs);
    }
    this.#options.afterAnswer(nowMs);
  }

  closed(connection: Connection<Call>): void {
    this.pool.forget(connection);
    const { call } = connection;
    if (call === undefined) return;
    if (connection.parser.end() === "whole") {
      this.answered(connection);
      return;
    }
    call.connection = undefined;
    call.status = 0;
    call.retryAfterSeconds = undefined;
    if (ownErrors.has(connection.errorCode ?? "")) this.#fail(call, "dropped");
    else this.#failAttempt(call, this.#options.clock());
  }

  #send(call: Call): void {
    const place = this.#place;
    this.#place = (place + 1) % this.#options.addresses.length;
    const connection = this.pool.take(place);
    const request = call.client.requests[place];
    if (connection === undefined || request === undefined) {
      this.#fail(call, "dropped");
      return;
    }
    call.attempts += 1;
    call.tally.sent += 1;
    call.connection = connection;
    this.#wheel.schedule(call, Math.min(call.deadlineAtMs, call.leavesAtMs));
    connection.ask(call, request, call.client.isHead);
  }

  /** Its patience is over, or its next attempt is due. */
  #wake(call: Call): void {
    if (call.dueAtMs >= Math.min(call.deadlineAtMs, call.leavesAtMs)) this.#giveUp(call);
    else this.#send(call);
  }

  #giveUp(call: Call): void {
    call.connection?.destroy();
    call.connection = undefined;
    this.#fail(call, call.leavesAtMs < call.deadlineAtMs ? "left" : "late");
  }

  #failAttempt(call: Call, nowMs: number): void {
    const atMs = nextAttemptAt(call, nowMs);
    if (atMs === undefined) {
      this.#fail(call, failingOf(call.status));
      return;
    }
    call.attemptAtMs = atMs;
    if (atMs <= nowMs) this.#send(call);
    else this.#wheel.schedule(call, Math.min(atMs, call.leavesAtMs));
  }

  #succeed(call: Call, place: number, nowMs: number): void {
    const sinceIntendedMs = nowMs - call.intendedAtMs;
    call.tally.succeed(place, sinceIntendedMs);
    this.#options.series.succeed(call.client.place, sinceIntendedMs);
    this.#end(call);
  }

  #fail(call: Call, failing: Failing): void {
    call.tally.fail(failing);
    this.#options.series.fail(failing);
    this.#end(call);
  }

  #end(call: Call): void {
    this.#wheel.cancel(call);
    this.openCount -= 1;
    this.#spare.push(call);
  }
}

function failingOf(status: number): Failing {
  if (status === 0) return "broken";
  return isShed(status) ? "shed" : "refused";
}

function emptyCall(client: ClientClass, tally: Tally): Call {
  const times = { dueAtMs: 0, intendedAtMs: 0, attemptAtMs: 0, deadlineAtMs: 0, leavesAtMs: 0 };
  const links = { slot: -1, before: undefined, after: undefined, connection: undefined };
  return { client, tally, ...times, ...links, attempts: 0, status: 0, retryAfterSeconds: undefined };
}
