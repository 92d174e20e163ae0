import type { AddressInfo, Server, Socket } from "node:net";

import { once } from "node:events";
import { createServer } from "node:net";

import type { Clock } from "../clock.ts";
import type { ListenConfig } from "../config/schema.ts";
import type { ConnectionsView, Report } from "../observe/events.ts";
import type { ConnectionHost, RequestHandler } from "./connection-host.ts";
import type { ConnectionSettings } from "./connection-settings.ts";
import type { TlsWatch } from "./tls.ts";
import type { WaitLimits } from "./waits.ts";

import { AcceptedSockets } from "./accepted-sockets.ts";
import { ClientConnection } from "./connection.ts";
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
  /** Destroys what is left. */
  destroy(): void;
  /** Takes over what may change while it listens: all but host, port, and whether there is TLS or a clientCa. */
  reconfigure(listen: ListenConfig): void;
  readonly connections: Omit<ConnectionsView, "requestBytes">;
}

/** Connections the kernel may hold until they are accepted; a flood over Node's 511 costs others a second's SYN wait. */
const backlog = 4096;

/** A peer that says nothing for this long is asked by TCP whether it is still there. Milliseconds. */
const tcpKeepAliveMs = 30_000;

/** A lingering connection whose client is silent for this long is closed. Milliseconds. */
const lingerSilenceMs = 5000;

export function createListener(options: ListenerOptions): Listener {
  return new ClientListener(options);
}

class ClientListener implements Listener, ConnectionHost {
  readonly handler: RequestHandler;
  readonly waits: ConnectionWaits;
  readonly buffers: ResponseBuffers;
  settings: ConnectionSettings;
  readonly #server: Server;
  readonly #watch: TlsWatch | undefined;
  readonly #sockets: AcceptedSockets;
  readonly #report: Report;
  #listen: ListenConfig;

  constructor(options: ListenerOptions) {
    const { listen, clock } = options;
    const { server, watch } = createServers(options);
    this.handler = options.handler;
    this.#report = options.report;
    this.#listen = listen;
    this.#server = server;
    this.#watch = watch;
    this.waits = new ConnectionWaits(clock, waitLimits(listen));
    this.buffers = new ResponseBuffers(listen.responseBuffer, listen.maxBufferedResponseBytes);
    this.settings = settingsOf(listen);
    this.#sockets = new AcceptedSockets(listen, watch !== undefined, () => this.waits.closeLongestIdle());
    server.on("connection", (socket: Socket) => this.#sockets.accept(socket));
    server.on(watch === undefined ? "connection" : "secureConnection", (socket: Socket) => this.#serve(socket));
  }

  get connections(): Omit<ConnectionsView, "requestBytes"> {
    const { open, dropped, reclaimed } = this.#sockets;
    return { open, dropped, reclaimed, responseBytes: this.buffers.usedBytes };
  }

  async open(): Promise<number> {
    const { host, port } = this.#listen;
    this.#server.listen({ host, port, backlog });
    await once(this.#server, "listening");
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#watch?.close();
    // What has arrived on a connection that was idle is read first, and answered.
    setImmediate(() => {
      this.#sockets.closeHandshaking();
      this.waits.closeIdle();
    });
    await closed;
  }

  destroy(): void {
    this.#sockets.destroy();
  }

  reconfigure(listen: ListenConfig): void {
    this.#listen = listen;
    this.settings = settingsOf(listen);
    this.waits.reconfigure(waitLimits(listen));
    this.buffers.reconfigure(listen.responseBuffer, listen.maxBufferedResponseBytes);
    this.#sockets.reconfigure(listen);
    if (listen.tls !== undefined) this.#watch?.follow(listen.tls);
  }

  report(error: unknown): void {
    this.#report({ event: "connection_error", error });
  }

  #serve(socket: Socket): void {
    if (socket.destroyed) return;
    this.#sockets.secured(socket);
    void new ClientConnection(socket, this);
  }
}

function createServers(options: ListenerOptions): { readonly server: Server; readonly watch?: TlsWatch } {
  const { listen } = options;
  const settings = {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: tcpKeepAliveMs,
    // Node reads nothing on its own account: what is read is what the connection takes.
    highWaterMark: 0,
    // A client that has said all still gets its answer.
    allowHalfOpen: true,
  };
  if (listen.tls === undefined) return { server: createServer(settings) };
  return createTlsServer(settings, { ...options, config: listen.tls, handshakeMs: listen.headersTimeout });
}

function waitLimits({ headersTimeout, keepAlive, writeIdle }: ListenConfig): WaitLimits {
  return { head: headersTimeout, idle: keepAlive, linger: lingerSilenceMs, overfull: writeIdle };
}

function settingsOf({ keepAlive, maxHeaderSize, maxRequestsPerSocket, halfClose }: ListenConfig): ConnectionSettings {
  const keepAliveTail = `connection: keep-alive\r\nkeep-alive: timeout=${Math.floor(keepAlive / 1000)}\r\n\r\n`;
  return { maxHeaderSize, maxRequestsPerSocket, halfClose, keepAliveTail };
}
