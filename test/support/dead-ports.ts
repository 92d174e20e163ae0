import type { AddressInfo } from "node:net";

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Worker } from "node:worker_threads";

/** A port on 127.0.0.1 that refuses: it was bound a moment ago, and the kernel hands out others first. */
export async function refusedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

// Listens, says where, and blocks its thread: nobody ever accepts.
const listener = `
  const { workerData, parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(workerData, 0, 0);
    process.exit(0);
  });
`;

export interface BlackHole extends AsyncDisposable {
  readonly port: number;
}

/** A listening socket with a full backlog: the kernel drops further SYNs, so connect() neither succeeds nor fails. */
export async function openBlackHole(): Promise<BlackHole> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(listener, { eval: true, workerData: gate });
  const [port] = (await once(worker, "message")) as [number];
  // A backlog of 1 holds 2 connections; both must stand before the hole is one.
  const fillers = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")];
  await Promise.all(fillers.map((socket) => once(socket, "connect")));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      const ended = once(worker, "exit");
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      await ended;
    },
  };
}
