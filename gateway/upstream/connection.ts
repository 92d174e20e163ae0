import type { Socket } from "node:net";

import { Client } from "undici";

import type { Attempt, Exchange, UpstreamAnswer } from "../exchange.ts";
import type { CallConnection, Carried, OutgoingRequest, TransportOptions } from "./carrier.ts";
import type { ConnectPhase } from "./connect.ts";

import { Call } from "./call.ts";
import { openConnection, originOf } from "./connect.ts";
import { StatusLines } from "./status-lines.ts";
import { StreamedBody } from "./streamed-body.ts";

/** Response header sections over this are refused with upstream_headers_too_large. Bytes. */
const maxResponseHeaderBytes = 65_536;

type ConnectCallback = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

export interface ConnectionOwner {
  free(connection: Connection): void;
  drop(connection: Connection): void;
}

/** One connection to the target, and the one call it carries. Knows of its socket what undici does not tell. */
export class Connection implements CallConnection {
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  readonly #client: Client;
  #socket: Socket | undefined;
  #attempt: Attempt | undefined;
  #call: Carried | undefined;
  #isRetired = false;
  readonly statusLines = new StatusLines();
  served = 0;
  isClosedByUpstream = false;
  isReset = false;

  constructor(options: TransportOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    const { endpoint, keepAliveMs } = options;
    this.#client = new Client(originOf(endpoint), {
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
    const call = new Call({ exchange, attempt, connection: this, request });
    const { body } = exchange;
    const isStream = body.kind === "stream";
    if (isStream && body.length !== null) request.headers.push("content-length", String(body.length));
    this.#client.dispatch(
      {
        method: request.method,
        path: request.target,
        headers: request.headers,
        body: isStream
          ? new StreamedBody(exchange, request.maxBodyBytes, call)
          : body.kind === "none"
            ? null
            : body.bytes,
      },
      call,
    );
    return call.answer;
  }

  begin(call: Carried): void {
    this.#call = call;
    this.statusLines.begin();
  }

  onceFlushed(call: Carried): void {
    this.#socket?.once("drain", () => call.flushed());
  }

  retire(): void {
    this.#isRetired = true;
  }

  // After the parser's present run, which may still find the connection unfit for another request.
  release(): void {
    this.served++;
    this.#attempt = undefined;
    this.#call = undefined;
    queueMicrotask(this.#settle);
  }

  /** Where it leads; undefined until it stands. */
  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }

  abandon(): void {
    this.#options.endpoint.addresses?.doubt();
    this.#owner.drop(this);
  }

  destroy(): void {
    this.#socket?.destroy();
    void this.#client.destroy();
  }

  readonly #settle = (): void => {
    if (this.#isRetired || this.#socket === undefined || this.#socket.destroyed) this.#owner.drop(this);
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
    this.#watchStatusLines(socket);
    socket.on("end", () => {
      this.isClosedByUpstream = true;
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Only the system's errors have a number; the others are undici's verdicts on what it read.
      if (error.errno !== undefined) this.isClosedByUpstream = this.isReset = true;
    });
  }

  /** undici pulls from the socket: the one place where its bytes can be seen first. */
  #watchStatusLines(socket: Socket): void {
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => {
      const chunk = read(size) as Buffer | null;
      if (chunk === null || this.statusLines.follow(chunk)) return chunk;
      this.#call?.onForeignVersion();
      return null;
    };
  }

  /** An idle connection was closed, by either side. One with a call hears of it through the call. */
  #disconnected(): void {
    if (this.#attempt === undefined) this.#owner.drop(this);
  }
}
