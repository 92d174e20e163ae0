import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock } from "./clock.ts";
import type { RouteConfig } from "./config/schema.ts";
import type { Failure, TimerName } from "./failures/failure.ts";

import type { AlarmOwner } from "./alarm.ts";
import type { Attempt, Phase } from "./attempt-facts.ts";
import type { BodyPace } from "./body-wait.ts";

import { Alarm } from "./alarm.ts";
import { BodyWait } from "./body-wait.ts";
import { TimerExpired } from "./failures/failure.ts";
import { ReaderWait } from "./reader-wait.ts";

export type { Admission, Attempt, Phase, RetryDecision } from "./attempt-facts.ts";
export type { BodySink, InterimResponse, Tunnel, UpstreamAnswer } from "./answer.ts";

/** The request body as the rooms hand it on. `stream` is unread: whoever forwards it reads it from the request. */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "buffered"; readonly bytes: Buffer }
  | { readonly kind: "stream"; readonly length: number | null };

/** What is refused first when there is too much: the sheddable, then the normal, the critical last. */
export type Priority = RouteConfig["priority"];

/** W3C Trace Context of this exchange: ids in lower-case hex, `spanId` is the gateway's own span. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: string;
  /** tracestate as received, to be forwarded as it is. */
  readonly state: string | undefined;
}

/** The inbound request, read once and never changed. */
export interface Inbound {
  readonly method: string;
  /** The request target in origin form as received, byte for byte: path and query. */
  readonly target: string;
  /** The target up to `?`, as received. */
  readonly path: string;
  /** The target after `?`, as received; empty where there is none. */
  readonly query: string;
  /** Lower-case host without port or trailing dot; empty where an HTTP/1.0 request names none. */
  readonly host: string;
  /** Host field as received, for `host: preserve` and X-Forwarded-Host. */
  readonly authority: string;
  readonly remoteAddress: string;
  /** The peer's address, or where that is a trusted proxy, the client's as X-Forwarded-For tells it. */
  readonly clientAddress: string;
  readonly isSecure: boolean;
  /** The peer is in listen.trustedProxies: its X-Forwarded-* are believed. */
  readonly isTrusted: boolean;
}

/** Something that waits on behalf of an exchange and can be told to stop. */
export interface Waiter {
  /** Called at most once, synchronously, with the reason: a TimerExpired or a Failure. */
  cancel(reason: Error): void;
}

/** What the respond room reports about what went out. */
export interface Outcome {
  status: number;
  code: string;
  source: "upstream" | "gateway" | "client";
}

/** One address of an upstream, as the rooms share it. */
export interface Target {
  /** host:port, for the log, the metrics and /status; never for a client. */
  readonly label: string;
  readonly weight: number;
  /** Attempts under way, response bodies included. */
  readonly inFlight: number;
}

/** A route as the rooms share it; each room adds its own compiled part when the gateway is built. */
export interface Route {
  readonly id: string;
  readonly config: RouteConfig;
}

/**
 * The record that travels through the rooms: one request, from its head to its last byte out. Outside of attempts its
 * own facts classify what is thrown: no connection to an upstream is involved there.
 */
export class Exchange<R extends Route = Route> implements AlarmOwner {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly reused = false;
  readonly responseBytes = 0;
  readonly closedByUpstream = false;
  readonly awaitsClient = false;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly startedAt: number;
  readonly inbound: Inbound;
  readonly id: string;
  readonly trace: TraceContext;
  route: R | undefined;
  /** Where it goes: the route's upstream, or the one drawn among its weights. */
  upstream: string | undefined;
  /** The route's, or what a trusted peer said. */
  priority: Priority = "normal";
  pathParameters: Readonly<Record<string, string>> = noParameters;
  body: RequestBody = noBody;
  phase: Phase = "accept";
  readonly attempts: Attempt[] = [];
  queueMs = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** The client's own deadline comes before the route's. */
  isHurried = false;
  /** Whether a 100 (Continue) is still owed to the client when reading of the body begins. */
  owesContinue = false;
  /** What came behind a WebSocket handshake; undefined for every other request. */
  upgradeHead: Buffer | undefined;
  /** This is the connection's last exchange: the answer says `Connection: close`. */
  isLast = false;
  failure: Failure | undefined;
  outcome: Outcome | undefined;
  /** Memory held for a buffered body; given back when the exchange ends. */
  reservation: Disposable | undefined;
  /** Why the exchange was cancelled, once it was: the client left, or a timer fired. */
  cancelled: Error | undefined;
  /** Interim responses that the client was sent. */
  interimResponses = 0;
  /** When the last byte of the answer must be out, in monotonic milliseconds; Infinity for no limit. */
  endsAt = Infinity;
  readonly #writeIdleMs: number;
  #readerWait: ReaderWait | undefined;
  readonly #bodyPace: BodyPace | undefined;
  #bodyWait: BodyWait | undefined;
  #waiter: Waiter | undefined;

  constructor({ clock, req, res, inbound, id, trace, bodyPace, writeIdleMs }: ExchangeHead) {
    this.clock = clock;
    this.req = req;
    this.res = res;
    this.startedAt = clock.now();
    this.inbound = inbound;
    this.id = id;
    this.trace = trace;
    this.alarm = new Alarm(clock, this);
    this.#bodyPace = bodyPace;
    this.#writeIdleMs = writeIdleMs ?? Infinity;
  }

  /** The wait for the client to take what is written for it. */
  get readerWait(): ReaderWait {
    return (this.#readerWait ??= new ReaderWait(this, this.#writeIdleMs));
  }

  /** The wait for the request body's bytes, for whoever reads them. */
  get bodyWait(): BodyWait {
    return (this.#bodyWait ??= new BodyWait(this.clock, this.alarm, this.#bodyPace));
  }

  /** Names who waits now. If the exchange is cancelled already, the waiter hears it at once. */
  await(waiter: Waiter): void {
    this.#waiter = waiter;
    if (this.cancelled !== undefined) this.#tell(this.cancelled);
  }

  /** Nobody waits any more. */
  settle(): void {
    this.#waiter = undefined;
    this.alarm.endWait();
  }

  /** The end: nothing fires and nothing is held any more. */
  close(): void {
    this.#waiter = undefined;
    this.alarm.close();
    this.#readerWait?.close();
    this.reservation?.[Symbol.dispose]();
    this.reservation = undefined;
  }

  /** Stops whatever the exchange waits for, within this tick. The first reason stands. */
  cancel(reason: Error): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = reason;
    this.#tell(reason);
  }

  /** A timer fired. The deadline ends the exchange; any other ends the present wait, and its waiter decides. */
  expire(timer: TimerName): void {
    if (timer === "deadline") this.cancel(new TimerExpired(timer));
    else this.#tell(new TimerExpired(timer));
  }

  #tell(reason: Error): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.cancel(reason);
  }
}

/** What an exchange begins with. */
export interface ExchangeHead {
  readonly clock: Clock;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly inbound: Inbound;
  readonly id: string;
  readonly trace: TraceContext;
  /** Without one the route's budget alone bounds how long a body may take. */
  readonly bodyPace?: BodyPace | undefined;
  /** How long a client may take nothing of what is written for it, in milliseconds; without one, for ever. */
  readonly writeIdleMs?: number;
}

const noBody: RequestBody = Object.freeze({ kind: "none" });
const noParameters = Object.freeze({});
