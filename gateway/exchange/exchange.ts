import type { Clock } from "./clock.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { RequestStream, ResponseWriter, Takeover } from "./downstream.ts";
import type { Failure, TimerName } from "../failures/failure.ts";
import type { Inbound, RequestBody, TraceContext } from "./inbound.ts";

import type { TimerOwner } from "./exchange-timer.ts";
import type { Attempt, Phase } from "./attempt.ts";
import type { BodyPace } from "./upload-timer.ts";
import type { ReadPace } from "./write-timer.ts";

import { ExchangeTimer } from "./exchange-timer.ts";
import { UploadTimer } from "./upload-timer.ts";
import { ClientPace } from "./client-pace.ts";
import { TimerExpired } from "../failures/failure.ts";
import { WriteTimer } from "./write-timer.ts";

export type { Admission, Attempt, Phase, RetryDecision } from "./attempt.ts";
export type { Inbound, RequestBody, TraceContext } from "./inbound.ts";
export type { BodySink, InterimResponse, Tunnel, UpstreamAnswer } from "./upstream-response.ts";
export type { BodyConsumer, RequestStream, ResponseWriter, Takeover, WriteObserver } from "./downstream.ts";

/** What is refused first when there is too much: the sheddable, then the normal, the critical last. */
export type Priority = RouteConfig["priority"];

/** Something that waits on behalf of an exchange and can be told to stop. */
export interface Waiter {
  /** Called at most once, synchronously, with the reason: a TimerExpired or a Failure. */
  cancel(reason: Error): void;
}

/** Leave to use an upstream. Released exactly once; releasing again is harmless. */
export interface UpstreamPermit extends Disposable {
  /** The holder's client is awaited: it may lose the permit to others while it is too slow. */
  watch(holder: PermitHolder): void;
}

/** Who holds a permit while its client is awaited. */
export interface PermitHolder {
  readonly pace: ClientPace;
  cancel(reason: Error): void;
}

/** What the respond stage reports about what went out. */
export interface Outcome {
  status: number;
  code: string;
  source: "upstream" | "gateway" | "client";
}

/** One address of an upstream, as the stages share it. */
export interface Target {
  /** host:port, for the log, the metrics and /status; never for a client. */
  readonly label: string;
  readonly weight: number;
  /** Attempts under way, response bodies included. */
  readonly inFlight: number;
}

/** A route as the stages share it; each stage adds its own compiled part when the gateway is built. */
export interface Route {
  readonly id: string;
  readonly config: RouteConfig;
}

/**
 * The record that travels through the stages: one request, from its head to its last byte out. Outside of attempts its
 * phase classifies what is thrown: no connection to an upstream is involved there.
 */
export class Exchange<R extends Route = Route> implements TimerOwner {
  readonly request: RequestStream;
  readonly response: ResponseWriter;
  readonly clock: Clock;
  readonly timer: ExchangeTimer;
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
  /** A WebSocket handshake on a route that allows it. */
  isUpgrade = false;
  /** The 101 is out: the connection has left HTTP, and no response can be written to it. */
  hasSwitched = false;
  /** Leave to use the upstream; given back when the upstream's response has been read whole, or the exchange ends. */
  permit: UpstreamPermit | undefined;
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
  readonly #takeOver: ExchangeHead["takeOver"];
  readonly #readPace: ReadPace;
  #writeTimer: WriteTimer | undefined;
  readonly #contendedRate: number;
  #pace: ClientPace | undefined;
  readonly #bodyPace: BodyPace | undefined;
  #uploadTimer: UploadTimer | undefined;
  #waiter: Waiter | undefined;

  constructor(head: ExchangeHead) {
    this.clock = head.clock;
    this.request = head.request;
    this.response = head.response;
    this.startedAt = head.clock.now();
    this.inbound = head.inbound;
    this.id = head.id;
    this.trace = head.trace;
    this.timer = new ExchangeTimer(head.clock, this);
    this.#bodyPace = head.bodyPace;
    this.#readPace = head.readPace ?? anyPace;
    this.#contendedRate = head.contendedRate ?? 0;
    this.#takeOver = head.takeOver;
  }

  /** Begins to take the client's connection out of HTTP. Only where `isUpgrade`. */
  takeOver(): Takeover {
    if (this.#takeOver === undefined) throw new TypeError("this request's connection cannot be taken over");
    return this.#takeOver();
  }

  /** How fast the client gives and takes while it is awaited. */
  get pace(): ClientPace {
    return (this.#pace ??= new ClientPace(this.clock, this.#contendedRate, this.response));
  }

  /** Bytes of the client are wanted, or wait for it. */
  clientIsAwaited(): void {
    this.pace.begin();
    this.permit?.watch(this);
  }

  /** Nobody waits for the client. */
  clientRests(): void {
    this.#pace?.rest();
  }

  /** The upstream has done its part: others may use it. */
  releaseUpstream(): void {
    this.permit?.[Symbol.dispose]();
    this.permit = undefined;
  }

  /** The bytes of the request body are needed no more. What was streamed stays so: it cannot be sent again. */
  releaseBody(): void {
    this.body = this.body.kind === "stream" ? { ...this.body, begun: noBytes } : noBody;
    this.reservation?.[Symbol.dispose]();
    this.reservation = undefined;
  }

  /** The wait for the client to take what is written for it. */
  get writeTimer(): WriteTimer {
    return (this.#writeTimer ??= new WriteTimer(this, this.#readPace));
  }

  /** The wait for the request body's bytes, for whoever reads them. */
  get uploadTimer(): UploadTimer {
    return (this.#uploadTimer ??= new UploadTimer(this.clock, this.timer, this.#bodyPace));
  }

  /** Names who waits now. If the exchange is cancelled already, the waiter hears it at once. */
  await(waiter: Waiter): void {
    this.#waiter = waiter;
    if (this.cancelled !== undefined) this.#tell(this.cancelled);
  }

  /** Nobody waits any more. */
  settle(): void {
    this.#waiter = undefined;
    this.timer.endWait();
  }

  /** The end: nothing fires and nothing is held any more. */
  close(): void {
    this.#waiter = undefined;
    this.timer.close();
    this.#writeTimer?.close();
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
  readonly request: RequestStream;
  readonly response: ResponseWriter;
  readonly inbound: Inbound;
  readonly id: string;
  readonly trace: TraceContext;
  /** Only a connection of HTTP/1.1 can be taken over. */
  readonly takeOver?: (() => Takeover) | undefined;
  /** Without one the route's budget alone bounds how long a body may take. */
  readonly bodyPace?: BodyPace | undefined;
  /** How a client has to read what is written for it; without one, as it likes. */
  readonly readPace?: ReadPace;
  /** Bytes a second below which a client may lose its permit to others that queue; without one, none. */
  readonly contendedRate?: number;
}

const noBytes = Buffer.alloc(0);
const noBody: RequestBody = Object.freeze({ kind: "none" });
const anyPace: ReadPace = Object.freeze({ idleMs: Infinity, minRate: 0 });
const noParameters = Object.freeze({});
