import type { Server, Socket } from "node:net";

import { once } from "node:events";
import { connect, createServer } from "node:net";

/** Takes connections on one port of 127.0.0.1 and leads them to another, whose answers it may hold back for a while. */
export class DelayingRelay implements AsyncDisposable {
  /** Of what is answered from now on, in milliseconds. */
  delayMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(toPort: number) {
    this.#server = createServer({ noDelay: true }, (client) => this.#lead(client, toPort));
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  #lead(client: Socket, toPort: number): void {
    const server = connect({ port: toPort, host: "127.0.0.1", noDelay: true });
    const late = new LateBytes(client);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      // What breaks one side breaks the other: it is what the client of a dead server would see.
      socket.once("error", () => other.destroy());
      socket.once("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => server.write(chunk));
    server.on("data", (chunk: Buffer) => late.write(chunk, this.delayMs));
  }
}

/** Bytes in their order, whatever the delay was as each of them came. */
class LateBytes {
  readonly #to: Socket;
  readonly #waiting: { readonly dueMs: number; readonly chunk: Buffer }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(to: Socket) {
    this.#to = to;
    to.once("close", () => clearTimeout(this.#timer));
  }

  write(chunk: Buffer, delayMs: number): void {
    this.#waiting.push({ dueMs: performance.now() + delayMs, chunk });
    if (this.#waiting.length === 1) this.#drain();
  }

  #drain(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const restMs = first.dueMs - performance.now();
      if (restMs > 0) {
        this.#timer = setTimeout(() => this.#drain(), restMs);
        return;
      }
      this.#waiting.shift();
      if (this.#to.writable) this.#to.write(first.chunk);
    }
  }
}
