import type { AddressInfo, ListenOptions, Server, ServerOpts, Socket } from "node:net";

import cluster from "node:cluster";
import { once } from "node:events";
import { createServer } from "node:net";
import { platform } from "node:os";

/**
 * Sockets that listen on the port of one process. The event loop accepts one connection of each in a turn, so that a
 * crowd of new connections is accepted in as many turns fewer; the kernel spreads connections over them by their address.
 */
const socketCount = 8;

/** Connections the kernel may hold for each until they are accepted; Node's 511 cost others a second's SYN wait. */
const backlog = 4096;

/** What may be said of where to listen. */
export type ListenAddress = Pick<ListenOptions, "host" | "port">;

/**
 * The sockets of one process that listen on one port. A worker has one, which the primary process accepts for; so has a
 * platform without SO_REUSEPORT for balancing.
 */
export class ListeningSockets {
  readonly #options: ServerOpts;
  readonly #accept: (socket: Socket) => void;
  #servers: Server[] = [];

  constructor(options: ServerOpts, accept: (socket: Socket) => void) {
    this.#options = options;
    this.#accept = accept;
  }

  get isListening(): boolean {
    return this.#servers.some(({ listening }) => listening);
  }

  /** Resolves with the port. Rejects with node's error where it cannot listen, also where another process does. */
  async open(address: ListenAddress): Promise<number> {
    if (cluster.isWorker || platform() !== "linux") {
      const alone = await this.#listen(address, this.#accept);
      this.#servers = [alone];
      return portOf(alone);
    }
    // Sockets that share a port would also share it with another gateway of the same user: one that does not finds out.
    const probe = await this.#listen(address, (socket) => socket.destroy());
    const port = portOf(probe);
    probe.close();
    const sharing = { ...address, port, reusePort: true };
    const servers = Array.from({ length: socketCount }, () => this.#listen(sharing, this.#accept));
    this.#servers = await Promise.all(servers);
    return port;
  }

  /** Accepts no more. Resolves when all that were accepted have ended. */
  async close(): Promise<void> {
    const closed = this.#servers.map((server) => once(server, "close"));
    for (const server of this.#servers) server.close();
    await Promise.all(closed);
  }

  async #listen(options: ListenOptions, accept: (socket: Socket) => void): Promise<Server> {
    const server = createServer(this.#options, accept);
    server.listen({ ...options, backlog });
    await once(server, "listening");
    return server;
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
