import type { Server, Socket } from "node:net";

import type { ConnectionsView } from "../observe/events.ts";

/**
 * The connections of clients that stand, at most `maxConnections`. One more is closed as it comes, before a byte of it
 * is read: an answer would need what there is no room for.
 */
export class ClientConnections implements ConnectionsView {
  readonly #sockets = new Set<Socket>();
  /** Under TLS the sockets that requests come on, by peer: those of `#sockets` carry the handshakes. */
  readonly #secured = new Map<string, Socket>();
  #dropped = 0;

  constructor(server: Server, maxConnections: number) {
    server.maxConnections = maxConnections;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("secureConnection", (socket: Socket) => {
      const peer = peerOf(socket);
      this.#secured.set(peer, socket);
      socket.once("close", () => this.#secured.delete(peer));
    });
    server.on("drop", () => {
      this.#dropped++;
    });
  }

  get open(): number {
    return this.#sockets.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Destroys those of which `isBusy` says that nothing is under way on them. */
  destroyIdle(isBusy: (socket: Socket) => boolean): void {
    for (const socket of this.#sockets) if (!isBusy(this.#secured.get(peerOf(socket)) ?? socket)) socket.destroy();
  }

  /** Destroys all, also those that the HTTP server no longer knows because they were upgraded. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
