import type { Socket } from "node:net";

import { Client, type Dispatcher } from "undici";

import type { Attempt, Exchange, UpstreamAnswer } from "../exchange.ts";
import type { CallConnection, CallTimeouts } from "./call.ts";
import type { ConnectPhase, Endpoint } from "./connect.ts";

import { Call } from "./call.ts";
import { openConnection } from "./connect.ts";
import { StreamedBody } from "./streamed-body.ts";

/** Response header sections over this are refused with upstream_headers_too_large. Bytes. */
const maxResponseHeaderBytes = 65_536;

export interface TransportOptions {
  readonly endpoint: Endpoint;
  /** How long an idle connection is kept, in milliseconds; below the upstream's own, or it closes first. */
  readonly keepAliveMs: number;
}

/** What is sent: the method and target as received or rewritten, the fields of `requestHeaders`. */
export interface OutgoingRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: string[];
  /** Most bytes of a streamed body. */
  readonly maxBodyBytes: number;
  readonly timeouts: CallTimeouts;
  /** Not on an idle connection: the one before was stale, and so its neighbours may be. */
  readonly isFresh: boolean;
}

/**
 * All connections to one target. Each is an undici client of its own, carries one request at a time, and is taken from
 * the top of the idle list, so that what is not needed grows old at the bottom and is closed.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get connections(): { readonly busy: number; readonly idle: number } {
    return { busy: this.#all.size - this.#idle.length, idle: this.#idle.length };
  }

  /**
   * Sends the exchange's request and settles with the head of the answer. Rejects with whatever went wrong; the
   * attempt's facts say where.
   */
  send(exchange: Exchange, attempt: Attempt, request: OutgoingRequest): Promise<UpstreamAnswer> {
    const connection = (request.isFresh ? undefined : this.#idle.pop()) ?? this.#open();
    return connection.send(exchange, attempt, request);
  }

  /** Closes idle connections now and the others as their calls end. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  #open(): Connection {
    const connection = new Connection(this.#options, {
      free: (it) => this.#free(it),
      drop: (it) => this.#drop(it),
    });
    this.#all.add(connection);
    return connection;
  }

  #free(connection: Connection): void {
    if (this.#isClosed) this.#drop(connection);
    else this.#idle.push(connection);
  }

  #drop(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    connection.destroy();
  }
}

type ConnectCallback = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

interface ConnectionOwner {
  free(connection: Connection): void;
  drop(connection: Connection): void;
}

/** One connection to the target, and the one call it carries. Knows of its socket what undici does not tell. */
class Connection implements CallConnection {
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  readonly #client: Client;
  #socket: Socket | undefined;
  #attempt: Attempt | undefined;
  served = 0;
  isClosedByUpstream = false;
  isReset = false;

  constructor(options: TransportOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    const { endpoint, keepAliveMs } = options;
    const scheme = endpoint.tls === undefined ? "http" : "https";
    const host = endpoint.hostname.includes(":") ? `[${endpoint.hostname}]` : endpoint.hostname;
    this.#client = new Client(`${scheme}://${host}:${endpoint.port}`, {
      allowH2: false,
      pipelining: 1,
      connect: (_options, callback) => this.#connect(callback),
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      keepAliveTimeoutThreshold: 1000,
      maxHeaderSize: maxResponseHeaderBytes,
      // The exchange's own alarm watches over every phase, with an error of its own for each.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on("disconnect", () => this.#disconnected());
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  get isBlocked(): boolean {
    return this.#socket?.writableNeedDrain ?? false;
  }

  send(exchange: Exchange, attempt: Attempt, request: OutgoingRequest): Promise<UpstreamAnswer> {
    this.#attempt = attempt;
    const call = new Call(exchange, attempt, this, request.timeouts);
    const { body } = exchange;
    const isStream = body.kind === "stream";
    if (isStream && body.length !== null) request.headers.push("content-length", String(body.length));
    this.#client.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.target,
        headers: request.headers,
        body: isStream ? new StreamedBody(exchange, request.maxBodyBytes, call) : body.kind === "none" ? null : body.bytes,
      },
      call,
    );
    return call.answer;
  }

  onceFlushed(call: Call): void {
    this.#socket?.once("drain", () => call.flushed());
  }

  // After the parser's present run, which may still find the connection unfit for another request.
  release(): void {
    this.served++;
    this.#attempt = undefined;
    queueMicrotask(this.#settle);
  }

  abandon(): void {
    this.#owner.drop(this);
  }

  destroy(): void {
    this.#socket?.destroy();
    void this.#client.destroy();
  }

  readonly #settle = (): void => {
    if (this.#socket === undefined || this.#socket.destroyed) this.#owner.drop(this);
    else this.#owner.free(this);
  };

  #connect(callback: ConnectCallback): void {
    this.#socket = openConnection(this.#options.endpoint, {
      phase: (phase: ConnectPhase) => {
        if (this.#attempt !== undefined) this.#attempt.phase = phase;
      },
      connected: (socket) => {
        this.#watch(socket);
        callback(null, socket);
      },
      failed: (error) => callback(error, null),
    });
  }

  /** Before undici adds its own listeners, so that the facts are there when it reports an end. */
  #watch(socket: Socket): void {
    this.#socket = socket;
    this.served = 0;
    this.isClosedByUpstream = this.isReset = false;
    socket.on("end", () => {
      this.isClosedByUpstream = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Only the system's errors have a number; the others are undici's verdicts on what it read.
      if (error.errno !== undefined) this.isClosedByUpstream = this.isReset = true;
    });
  }

  /** An idle connection was closed, by either side. One with a call hears of it through the call. */
  #disconnected(): void {
    if (this.#attempt === undefined) this.#owner.drop(this);
  }
}
