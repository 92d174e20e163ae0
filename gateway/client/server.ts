import type { IncomingMessage, Server, ServerOptions, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { once } from "node:events";
import { createServer } from "node:http";

import type { Clock } from "../clock.ts";
import type { ListenConfig } from "../config/schema.ts";
import type { ConnectionsView, Report } from "../observe/events.ts";
import type { TlsWatch } from "./tls.ts";
import type { ParserError } from "./unparsed.ts";

import { Failure } from "../failures/failure.ts";
import { ClientConnections } from "./connections.ts";
import { Staggered } from "./staggered.ts";
import { createTlsServer } from "./tls.ts";
import { unparsedFailure } from "./unparsed.ts";

/** What the listener hands over. Neither ever throws. */
export interface RequestHandler {
  /** A request whose head is there. `owesContinue`: the client waits for 100 (Continue). */
  handle(req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void;
  /** Bytes that made no request: answers on the bare socket. */
  refuse(failure: Failure, socket: Socket): void;
  line(socket: Socket): ConnectionLine;
  /** Whether `upgrade` is to have this request, which asks to switch protocols; if not, it is served as any other. */
  mayUpgrade(req: IncomingMessage): boolean;
  /** A request to switch protocols: its socket is the handler's now. `head` is what came behind it. */
  upgrade(req: IncomingMessage, head: Buffer): void;
}

/** What a connection carries. */
export interface ConnectionLine {
  /** Nobody has asked anything on it, or has the answer. */
  readonly isFree: boolean;
  /** Whether a request waits for its answer, or has begun to arrive. */
  readonly isBusy: boolean;
  /** Grows with each head that comes, and with each message that has come whole. */
  readonly arrivals: number;
  /** What came last turned out to be broken. False where nothing came before: then it is to be refused. */
  breakOff(failure: Failure): boolean;
  /** The client has sent FIN. */
  halfClosed(): void;
  /** The server has taken its listeners off a socket on which answers are still due. */
  letGo(failure: Failure): void;
}

export interface ListenerSettings {
  readonly listen: ListenConfig;
  /** The longest time any route gives a request, in milliseconds. */
  readonly longestRouteMs: number;
}

export interface ListenerOptions extends ListenerSettings {
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
  reconfigure(settings: ListenerSettings): void;
  readonly connections: ConnectionsView;
}

/** How far a request may outlast its route's whole budget before the server itself ends it. Milliseconds. */
const requestGraceMs = 5000;

/** Connections the kernel may hold until they are accepted; a flood over Node's 511 costs others a second's SYN wait. */
const backlog = 4096;

export function createListener(options: ListenerOptions): Listener {
  const { listen, handler } = options;
  const { server, watch } = createServers(options);
  // Node would drop the fields over its limit in silence; ours refuses the request.
  server.maxHeadersCount = 0;
  // Node's own switch, which its types do not know: a client that has said all still gets its answer.
  // And of several processes the one that is full closes what is one too many, or they would pass it round for ever.
  Object.assign(server, { httpAllowHalfOpen: true, dropMaxConnection: true });
  const connections = new ClientConnections(server, listen.maxConnections);
  // What Node takes for idle when it closes includes an answer that has ended and that a slow reader is still taking,
  // and would cut it off. The handler knows better; it ends the others as their last answer goes out.
  server.closeIdleConnections = () => connections.destroyIdle((socket) => handler.line(socket).isBusy);
  handOver(server, handler);
  return {
    async open() {
      server.listen({ host: listen.host, port: listen.port, backlog });
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      watch?.close();
      await closed;
    },
    destroy: () => connections.destroy(),
    reconfigure(next) {
      // Node reads all of these from the server anew: at each look for late requests, each answer, each connection.
      Object.assign(server, settingsOf(next), { maxConnections: next.listen.maxConnections });
      if (next.listen.tls !== undefined) watch?.follow(next.listen.tls);
    },
    connections,
  };
}

function createServers(options: ListenerOptions): { readonly server: Server; readonly watch?: TlsWatch } {
  const { listen, handler } = options;
  const settings: ServerOptions = {
    ...settingsOf(options),
    // Finer than the limits need: who came within the same second is not refused within the same turn of the loop.
    connectionsCheckingInterval: 250,
    noDelay: true,
    // Our own checks answer these, as problems.
    requireHostHeader: false,
    shouldUpgradeCallback: (req) => handler.mayUpgrade(req),
  };
  if (listen.tls === undefined) return { server: createServer(settings) };
  return createTlsServer(settings, { ...options, config: listen.tls, handshakeMs: listen.headersTimeout });
}

function settingsOf({ listen, longestRouteMs }: ListenerSettings) {
  return {
    headersTimeout: listen.headersTimeout,
    requestTimeout: Math.max(listen.headersTimeout, longestRouteMs) + requestGraceMs,
    keepAliveTimeout: listen.keepAlive,
    maxHeaderSize: listen.maxHeaderSize,
  };
}

function handOver(server: Server, handler: RequestHandler): void {
  for (const event of ["connection", "secureConnection"]) {
    server.on(event, (socket: Socket) => socket.once("end", () => handler.line(socket).halfClosed()));
  }
  server.on("request", (req, res) => handler.handle(req, res, false));
  server.on("checkContinue", (req, res) => handler.handle(req, res, true));
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => handler.handle(req, res, false));
  server.on("connect", (_req: IncomingMessage, socket: Socket) => {
    // Node has taken its own listeners off: a client's reset would end the process.
    socket.on("error", () => socket.destroy());
    const failure = new Failure("method_not_allowed", {
      headers: [["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]],
      close: true,
    });
    const line = handler.line(socket);
    if (line.isFree) handler.refuse(failure, socket);
    else line.letGo(failure);
  });
  server.on("upgrade", (req: IncomingMessage, socket: Socket, head: Buffer) => {
    // Here as well, and before anything else happens.
    socket.on("error", () => socket.destroy());
    handler.upgrade(req, head);
  });
  const refuse = ({ error, socket }: Unparsed): void => {
    const failure = unparsedFailure(error, socket.bytesRead);
    if (failure === undefined) socket.destroy();
    else if (!handler.line(socket).breakOff(failure)) handler.refuse(failure, socket);
  };
  // What was late may have come meanwhile, and be answered: a loop that was held up looks at the clock before it reads.
  const overdue = new Staggered((late: Late) => {
    if (handler.line(late.socket).arrivals === late.arrivals) refuse(late);
  });
  server.on("clientError", (error: ParserError, socket: Socket) => {
    if (error.code !== "ERR_HTTP_REQUEST_TIMEOUT") refuse({ error, socket });
    else overdue.add({ error, socket, arrivals: handler.line(socket).arrivals });
  });
}

interface Unparsed {
  readonly error: ParserError;
  readonly socket: Socket;
}

interface Late extends Unparsed {
  /** As its line said when it was found to be late. */
  readonly arrivals: number;
}
