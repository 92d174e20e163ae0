import type { Socket } from "node:net";

import { connect } from "node:net";

export interface ClosedLoop {
  readonly port: number;
  /** Byte for byte. */
  readonly request: Buffer;
  readonly connections: number;
  readonly seconds: number;
}

const endOfHead = Buffer.from("\r\n\r\n");

/**
 * So many clients that ask again as soon as they are answered. Answers how often each status came. Answers need a
 * Content-Length; a connection that closes ends it with an error.
 */
export async function askInTurn(loop: ClosedLoop): Promise<ReadonlyMap<number, number>> {
  const endsAt = performance.now() + loop.seconds * 1000;
  const statuses = new Map<number, number>();
  await Promise.all(Array.from({ length: loop.connections }, () => askAgain(loop, endsAt, statuses)));
  return statuses;
}

function askAgain({ port, request }: ClosedLoop, endsAt: number, statuses: Map<number, number>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const done = (): void => {
    resolve();
    socket.destroy();
  };
  const ask = (): void => {
    if (performance.now() < endsAt) socket.write(request);
    else done();
  };
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("the gateway closed the connection")));
  socket.on("connect", ask);
  eachAnswer(socket, (status) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    ask();
  });
  return promise;
}

function eachAnswer(socket: Socket, answered: (status: number) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(endOfHead);
    if (end === -1) return;
    const head = bytes.toString("latin1", 0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) socket.destroy(new Error("an answer without Content-Length"));
    if (bytes.length < end + endOfHead.length + length) return;
    bytes = Buffer.alloc(0);
    answered(Number(head.slice(9, 12)));
  });
}
