import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

import { once } from "node:events";
import { createServer } from "node:http";

import type { ListenConfig } from "../config/schema.ts";

import { Failure } from "../failures/failure.ts";
import { unparsedFailure } from "./unparsed.ts";

/** What the listener hands over. Neither ever throws. */
export interface RequestHandler {
  /** A request whose head is there. `owesContinue`: the client waits for 100 (Continue). */
  handle(req: IncomingMessage, res: ServerResponse, owesContinue: boolean): void;
  /** Bytes that made no request: answers on the bare socket. */
  refuse(failure: Failure, socket: Socket): void;
  /** The request that the socket carries now turned out to be broken. False where it carries none. */
  breakOff(failure: Failure, socket: Socket): boolean;
  /** Whether an answer on this connection is not out yet. */
  isBusy(socket: Socket): boolean;
}

export interface ListenerOptions {
  readonly listen: ListenConfig;
  /** The longest time any route gives a request, in milliseconds. */
  readonly longestRouteMs: number;
  readonly handler: RequestHandler;
}

/** The client-facing server. */
export interface Listener {
  /** Resolves with the port once it listens; rejects with node's error where it cannot. */
  open(): Promise<number>;
  /** Stops accepting and closes idle connections; resolves when the last connection has gone. */
  close(): Promise<void>;
  /** Destroys what is left. */
  destroy(): void;
  /** Connections dropped over maxConnections. */
  readonly dropped: number;
}

/** How far a request may outlast its route's whole budget before the server itself ends it. Milliseconds. */
const requestGraceMs = 5000;

export function createListener(options: ListenerOptions): Listener {
  const { listen, handler } = options;
  const server = createServer({
    headersTimeout: listen.headersTimeout,
    requestTimeout: Math.max(listen.headersTimeout, options.longestRouteMs) + requestGraceMs,
    keepAliveTimeout: listen.keepAlive,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: listen.maxHeaderSize,
    noDelay: true,
    // Our own checks answer these, as problems.
    requireHostHeader: false,
  });
  // Node would drop the fields over its limit in silence; ours refuses the request.
  server.maxHeadersCount = 0;
  server.maxConnections = listen.maxConnections;
  let dropped = 0;
  server.on("drop", () => dropped++);
  closeWhatIsIdle(server, handler);
  handOver(server, handler);
  return {
    async open() {
      server.listen({ host: listen.host, port: listen.port });
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      await closed;
    },
    destroy: () => server.closeAllConnections(),
    get dropped() {
      return dropped;
    },
  };
}

/**
 * What Node's server takes for idle when it closes includes an answer that has ended and that a slow reader is still
 * taking, and would cut it off. The handler knows better; it ends the others as their last answer goes out.
 */
function closeWhatIsIdle(server: Server, handler: RequestHandler): void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.closeIdleConnections = () => {
    for (const socket of sockets) if (!handler.isBusy(socket)) socket.destroy();
  };
}

function handOver(server: Server, handler: RequestHandler): void {
  server.on("request", (req, res) => handler.handle(req, res, false));
  server.on("checkContinue", (req, res) => handler.handle(req, res, true));
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => handler.handle(req, res, false));
  server.on("connect", (_req: IncomingMessage, socket: Socket) => {
    // Node has taken its own listeners off: a client's reset would end the process.
    socket.on("error", () => socket.destroy());
    handler.refuse(
      new Failure("method_not_allowed", {
        headers: [["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]],
        close: true,
      }),
      socket,
    );
  });
  server.on("clientError", (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Socket) => {
    const failure = unparsedFailure(error, socket.bytesRead);
    if (failure === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    if (!handler.breakOff(failure, socket)) handler.refuse(failure, socket);
  });
}
