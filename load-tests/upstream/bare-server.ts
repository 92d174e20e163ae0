import type { Server, Socket } from "node:net";

import { once } from "node:events";
import { createServer } from "node:net";

import type { ControlledService } from "./control-server.ts";
import type { Counters, Service } from "./service.ts";

const endOfHead = Buffer.from("\r\n\r\n");
const contentLength = /\r\ncontent-length: *(\d+)/i;
const none: Counters = {
  received: 0,
  receivedByMethod: {},
  served: 0,
  faulted: 0,
  wastedMs: 0,
  workedMs: 0,
  leftInLine: 0,
  leftInService: 0,
  leftAfterMs: [],
  concurrency: 0,
  peakConcurrency: 0,
  openConnections: 0,
};

/**
 * A service that answers at once with 200 and costs as little CPU as it can, so that it is not the bottleneck of a
 * gateway that costs little itself. Reads requests without a body and those with a Content-Length. It cannot be
 * controlled, and counts arrivals alone.
 */
export class BareServer implements ControlledService {
  readonly #answer: Buffer;
  readonly #server: Server;
  #received = 0;
  port = 0;

  constructor({ bodyBytes = 300 }: Service) {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`;
    this.#answer = Buffer.from(`${head}"${"x".repeat(bodyBytes - 2)}"`);
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  get received(): number {
    return this.#received;
  }

  get counters(): Counters {
    return { ...none, received: this.#received };
  }

  control(): Promise<void> {
    return Promise.reject(new Error("a bare service cannot be controlled"));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
  }

  #serve(socket: Socket): void {
    let held: Buffer | undefined;
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      let bytes = held === undefined ? chunk : Buffer.concat([held, chunk]);
      for (let length = requestLength(bytes); length <= bytes.length; length = requestLength(bytes)) {
        this.#received += 1;
        socket.write(this.#answer);
        bytes = bytes.subarray(length);
      }
      held = bytes.length === 0 ? undefined : bytes;
    });
  }
}

/** Bytes of the first request, Infinity where its head has not come whole. */
function requestLength(bytes: Buffer): number {
  const end = bytes.indexOf(endOfHead);
  if (end === -1) return Infinity;
  const length = contentLength.exec(bytes.toString("latin1", 0, end))?.[1] ?? "0";
  return end + endOfHead.length + Number(length);
}
