import type { Socket } from "node:net";

import { connect } from "node:net";

export interface Load {
  readonly port: number;
  /** One request, byte for byte; it is sent again as soon as its answer is whole. */
  readonly request: Buffer;
  readonly connections: number;
  readonly durationMs: number;
  /** What every answer has to be; default 200. */
  readonly status?: number;
}

const endOfHead = Buffer.from("\r\n\r\n");

/**
 * A closed loop over keep-alive raw sockets: every connection has one request under way until the time is over.
 * Answers how many answers came; anything but the expected status with a Content-Length ends the run with an error.
 */
export async function drive(load: Load): Promise<number> {
  const endsAt = performance.now() + load.durationMs;
  const counts = await Promise.all(Array.from({ length: load.connections }, () => driveOne(load, endsAt)));
  return counts.reduce((sum, count) => sum + count, 0);
}

function driveOne(load: Load, endsAt: number): Promise<number> {
  const socket = connect({ port: load.port, host: "127.0.0.1", noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { status = 200 } = load;
  let count = 0;
  let missing = 0;
  let head: Buffer = Buffer.alloc(0);
  const next = (): void => {
    if (performance.now() < endsAt) socket.write(load.request);
    else finish(socket, () => resolve(count));
  };
  socket.on("connect", next);
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("the proxy closed the connection")));
  socket.on("data", (chunk: Buffer) => {
    if (missing > 0) missing -= chunk.length;
    else {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(endOfHead);
      if (end === -1) return;
      missing = bodyLength(head.toString("latin1", 0, end), status, reject) - (head.length - end - endOfHead.length);
      head = Buffer.alloc(0);
    }
    if (missing > 0) return;
    count += 1;
    next();
  });
  return promise;
}

function bodyLength(head: string, status: number, reject: (reason: Error) => void): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (!head.startsWith(`HTTP/1.1 ${status} `) || length === undefined) reject(new Error(`unexpected answer: ${head}`));
  return Number(length);
}

function finish(socket: Socket, done: () => void): void {
  done();
  socket.destroy();
}
