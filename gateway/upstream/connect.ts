import type { LookupOptions } from "node:dns";
import type { OnReadOpts, Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";

import type { Addresses, LookupCallback } from "./addresses.ts";

import { lookup } from "node:dns";
import { connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";

export type ConnectPhase = "dns" | "connect" | "tls";

/** Where to connect to. `tls` undefined means plain TCP. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly tls: TlsEndpoint | undefined;
  /** Of a name, remembered between connections; without them the system is asked each time. */
  readonly addresses?: Addresses;
}

export interface TlsEndpoint {
  readonly options: ConnectionOptions;
  /** The session to resume, kept from the connection before. */
  session: Buffer | undefined;
}

/** Hears how a connection comes about. Exactly one of `connected` and `failed` is called, unless it is destroyed. */
export interface ConnectObserver {
  phase(phase: ConnectPhase): void;
  connected(socket: Socket): void;
  failed(error: Error): void;
  /** Takes what is read; without it the socket is read as a stream. */
  readonly onread?: OnReadOpts;
}

/** An upstream that says nothing for this long is asked by TCP whether it is still there. Milliseconds. */
const tcpKeepAliveMs = 30_000;

/**
 * Opens a connection and reports each phase as it begins, so that a failure or our own timer can be told apart by
 * where it struck. Sets no timer itself: whoever waits has one. Returns the socket, to be destroyed by who gives up.
 */
export function openConnection(endpoint: Endpoint, observer: ConnectObserver): Socket {
  const { hostname: host, port, tls } = endpoint;
  observer.phase(isIP(host) === 0 ? "dns" : "connect");
  const where = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: tcpKeepAliveMs,
    lookup: resolve(observer, endpoint.addresses?.lookup ?? lookup),
    ...(observer.onread === undefined ? {} : { onread: observer.onread }),
  };
  const socket = tls === undefined ? connect(where) : connectTls({ ...tls.options, ...resumption(tls), ...where });
  if (tls !== undefined) {
    socket.once("connect", () => observer.phase("tls"));
    socket.on("session", (session: Buffer) => {
      tls.session = session;
    });
  }
  // Stays for good: an error after the connection was given up must not end the process.
  let isOpening = true;
  socket.on("error", (error) => {
    if (isOpening) endpoint.addresses?.doubt();
    if (isOpening) observer.failed(error);
    isOpening = false;
  });
  socket.once(tls === undefined ? "connect" : "secureConnect", () => {
    isOpening = false;
    observer.connected(socket);
  });
  return socket;
}

function resumption(tls: TlsEndpoint): ConnectionOptions {
  return tls.session === undefined ? {} : { session: tls.session };
}

type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

/** The system resolver, asked once more after EAI_AGAIN, which says "try again" in so many words. */
function resolve(observer: ConnectObserver, lookUp: Lookup): Lookup {
  return (hostname, options, callback) => {
    const answer: LookupCallback = (error, address, family) => {
      if (error === null) observer.phase("connect");
      callback(error, address, family);
    };
    lookUp(hostname, options, (error, address, family) => {
      if (error?.code === "EAI_AGAIN") lookUp(hostname, options, answer);
      else answer(error, address, family);
    });
  };
}
