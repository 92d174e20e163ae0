import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock } from "./clock.ts";
import type { RouteConfig } from "./config/schema.ts";
import type { Failure, TimerName } from "./failures/failure.ts";

import { Alarm } from "./alarm.ts";
import { TimerExpired } from "./failures/failure.ts";

/** Where an exchange or an attempt is; together with the attempt's facts it decides what a foreign error means. */
export type Phase = "accept" | "body" | "queue" | "dns" | "connect" | "tls" | "send" | "headers" | "relay";

/** The request body as the rooms hand it on. `stream` is unread: whoever forwards it reads it from the request. */
export type RequestBody =
  | { readonly kind: "none" }
  | { readonly kind: "buffered"; readonly bytes: Buffer }
  | { readonly kind: "stream"; readonly length: number | null };

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
  readonly isSecure: boolean;
  /** The peer is in listen.trustedProxies: its X-Forwarded-* are believed. */
  readonly isTrusted: boolean;
}

/** What one attempt on one target did, kept as it happens and never guessed afterwards. */
export interface AttemptFacts {
  phase: Phase;
  /** A request byte was handed to the socket. */
  sent: boolean;
  /** The socket had served a request before. */
  reused: boolean;
  /** The request was sent whole. */
  complete: boolean;
  /** Bytes of the response received, head or body. */
  responseBytes: number;
  /** The upstream ended (FIN) or reset the connection first. */
  closedByUpstream: boolean;
}

/** One attempt as the log, the metrics and the retry decision see it. Times in monotonic milliseconds. */
export interface Attempt extends AttemptFacts {
  readonly target: string;
  readonly startedAt: number;
  connectMs: number;
  firstByteMs: number;
  /** `success`, or the failure's code. Undefined while it runs. */
  outcome: string | undefined;
  breaker: string;
}

/** An upstream's answer: its head, and a body that flows once somebody takes it. */
export interface UpstreamAnswer {
  readonly status: number;
  /** End-to-end fields as name, value, name, value …; hop-by-hop ones are gone. */
  readonly headers: readonly string[];
  /** Member values of the upstream's own Proxy-Status field, joined; undefined for none. */
  readonly proxyStatus: string | undefined;
  /** The whole body, where it had arrived together with the head. */
  flow(sink: BodySink): void;
}

/** Where an answer's body goes. `write` answers false to be called again only after `resume`. */
export interface BodySink {
  write(chunk: Buffer): boolean;
  end(lastChunk: Buffer | undefined): void;
  fail(cause: unknown): void;
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

/** A route as the rooms share it; each room adds its own compiled part when the gateway is built. */
export interface Route {
  readonly id: string;
  readonly config: RouteConfig;
  readonly upstream: string;
}

/** The record that travels through the rooms: one request, from its head to its last byte out. */
export class Exchange<R extends Route = Route> implements Waiter {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly startedAt: number;
  readonly inbound: Inbound;
  readonly id: string;
  readonly trace: TraceContext;
  route: R | undefined;
  pathParameters: Readonly<Record<string, string>> = noParameters;
  body: RequestBody = noBody;
  phase: Phase = "accept";
  attempts: Attempt[] = [];
  queueMs = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Whether a 100 (Continue) is still owed to the client when reading of the body begins. */
  owesContinue = false;
  failure: Failure | undefined;
  outcome: Outcome | undefined;
  /** Why the exchange was cancelled, once it was: the client left, or a timer fired. */
  cancelled: Error | undefined;
  #waiter: Waiter | undefined;

  constructor(clock: Clock, req: IncomingMessage, res: ServerResponse, head: ExchangeHead) {
    this.clock = clock;
    this.req = req;
    this.res = res;
    this.startedAt = clock.now();
    this.inbound = head.inbound;
    this.id = head.id;
    this.trace = head.trace;
    this.alarm = new Alarm(clock, (timer: TimerName) => this.cancel(new TimerExpired(timer)));
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

  /** Stops whatever the exchange waits for, within this tick. The first reason stands. */
  cancel(reason: Error): void {
    if (this.cancelled !== undefined) return;
    this.cancelled = reason;
    this.#tell(reason);
  }

  #tell(reason: Error): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.cancel(reason);
  }
}

export interface ExchangeHead {
  readonly inbound: Inbound;
  readonly id: string;
  readonly trace: TraceContext;
}

const noBody: RequestBody = Object.freeze({ kind: "none" });
const noParameters = Object.freeze({});
