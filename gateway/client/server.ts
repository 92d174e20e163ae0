import type { ServerOpts, Socket } from "node:net";

import type { Clock } from "../exchange/clock.ts";
import type { ListenConfig } from "../config/schema.ts";
import type { ConnectionsView, Report } from "../exchange/events.ts";
import type { ConnectionHost, RequestHandler, ConnectionSettings } from "./connection-host.ts";
import type { TlsListening } from "./tls.ts";
import type { WaitLimits } from "./waits.ts";

import { AcceptedSockets } from "./accepted-sockets.ts";
import { TimerExpired } from "../failures/failure.ts";
import { ClientConnection } from "./connection.ts";
import { ListeningSockets } from "./listening-sockets.ts";
import { PipelinedRequests } from "./pipelined.ts";
import { ResponseBuffers } from "./response-buffers.ts";
import { createTlsServer } from "./tls.ts";
import { ConnectionWaits } from "./waits.ts";

export interface ListenerOptions {
  readonly listen: ListenConfig;
  readonly handler: RequestHandler;
  readonly clock: Clock;
  readonly report: Report;
}

/** The client-facing server. */
export interface Listener {
  /** Resolves with the port once it listens; rejects with node's error where it cannot. */
  open(): Promise<number>;
  /** Stops accepting and closes idle connections; resolves when the last connection has gone. */
  close(): Promise<void>;
  /** Ends what is under way: it is answered, where no response has begun, and each connection closes after that. */
  cancel(): void;
  /** Destroys what is left. */
  destroy(): void;
  /** Takes over what may change while it listens: all but host, port, and whether there is TLS or a clientCa. */
  reconfigure(listen: ListenConfig): void;
  readonly connections: Omit<ConnectionsView, "requestBytes">;
}

/** A peer that says nothing for this long is asked by TCP whether it is still there. Milliseconds. */
const tcpKeepAliveMs = 30_000;

const socketSettings: ServerOpts = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: tcpKeepAliveMs,
  // Node reads nothing on its own account: what is read is what the connection takes.
  highWaterMark: 0,
  // A client that has said all still gets its answer.
  allowHalfOpen: true,
};

/** A lingering connection whose client is silent for this long is closed. Milliseconds. */
const lingerSilenceMs = 5000;

export function createListener(options: ListenerOptions): Listener {
  return new ClientListener(options);
}

class ClientListener implements Listener, ConnectionHost {
  readonly handler: RequestHandler;
  readonly waits: ConnectionWaits;
  readonly pipelined: PipelinedRequests;
  readonly buffers: ResponseBuffers;
  settings: ConnectionSettings;
  readonly #listening: ListeningSockets;
  readonly #tls: TlsListening | undefined;
  readonly #sockets: AcceptedSockets;
  readonly #report: Report;
  #listen: ListenConfig;

  constructor(options: ListenerOptions) {
    const { listen, clock } = options;
    this.handler = options.handler;
    this.#report = options.report;
    this.#listen = listen;
    this.#tls = tlsOf(options);
    this.#tls?.server.on("secureConnection", (socket: Socket) => this.#serve(socket));
    this.waits = new ConnectionWaits(clock, waitLimits(listen));
    this.pipelined = new PipelinedRequests(clock);
    this.buffers = new ResponseBuffers(listen.responseBuffer, listen.maxBufferedResponseBytes);
    this.settings = settingsOf(listen);
    this.#sockets = new AcceptedSockets(listen, this.#tls !== undefined, () => this.waits.closeLongestIdle());
    this.#listening = new ListeningSockets(socketSettings, (socket) => this.#accept(socket));
  }

  get connections(): Omit<ConnectionsView, "requestBytes"> {
    const { open, dropped, reclaimed } = this.#sockets;
    return {
      open,
      dropped,
      reclaimed,
      responseBytes: this.buffers.usedBytes,
      pipelinedBytes: this.pipelined.heldBytes,
    };
  }

  async open(): Promise<number> {
    const { host, port } = this.#listen;
    return this.#listening.open({ host, port });
  }

  async close(): Promise<void> {
    if (!this.#listening.isListening) return;
    const closed = this.#listening.close();
    this.#tls?.watch.close();
    // What has arrived on a connection that was idle is read first, and answered.
    setImmediate(() => {
      this.#sockets.closeHandshaking();
      this.waits.closeIdle();
    });
    await closed;
  }

  cancel(): void {
    this.#sockets.cancel(new TimerExpired("drain"));
  }

  destroy(): void {
    this.cancel();
    this.#sockets.destroy();
  }

  reconfigure(listen: ListenConfig): void {
    this.#listen = listen;
    this.settings = settingsOf(listen);
    this.waits.reconfigure(waitLimits(listen));
    this.buffers.reconfigure(listen.responseBuffer, listen.maxBufferedResponseBytes);
    this.#sockets.reconfigure(listen);
    if (listen.tls !== undefined) this.#tls?.watch.follow(listen.tls);
  }

  report(error: unknown): void {
    this.#report({ event: "connection_error", error });
  }

  #accept(socket: Socket): void {
    this.pipelined.accepted();
    this.#sockets.accept(socket);
    if (socket.destroyed) return;
    if (this.#tls === undefined) this.#serve(socket);
    else this.#tls.server.emit("connection", socket);
  }

  #serve(socket: Socket): void {
    if (socket.destroyed) return;
    this.#sockets.served(socket, new ClientConnection(socket, this));
  }
}

function tlsOf(options: ListenerOptions): TlsListening | undefined {
  const { tls, headersTimeout } = options.listen;
  if (tls === undefined) return undefined;
  return createTlsServer(socketSettings, { ...options, config: tls, handshakeMs: headersTimeout });
}

function waitLimits({ headersTimeout, keepAlive, writeIdle }: ListenConfig): WaitLimits {
  return { head: headersTimeout, idle: keepAlive, linger: lingerSilenceMs, overfull: writeIdle };
}

function settingsOf({ keepAlive, maxHeaderSize, maxRequestsPerSocket, halfClose }: ListenConfig): ConnectionSettings {
  const keepAliveTail = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAlive / 1000)}\r\n\r\n`;
  return { maxHeaderSize, maxRequestsPerSocket, halfClose, keepAliveTail };
}
