import { createServer } from "node:net";

import type { Socket } from "node:net";

/** How the server answers; its process is started with it as its one argument, in JSON. */
export interface Delays {
  readonly delayMs: number;
  /** Once, so long after the first request, all of it stands still. */
  readonly stall?: { readonly afterMs: number; readonly forMs: number };
}

const { delayMs, stall } = JSON.parse(process.argv[2] ?? "{}") as Delays;
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 300\r\n\r\n${"x".repeat(300)}`,
);
const endOfHead = Buffer.from("\r\n\r\n");
/** What a timer is early or late by: the rest is waited for in turns of the loop, which makes the delay exact. */
const timerErrorMs = 2;

// A constant delay keeps its order: the first in is the first due.
const waiting: Array<{ readonly dueAtMs: number; readonly socket: Socket }> = [];
let answered = 0;
let isTurning = false;
let wasAsked = false;

const server = createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    // One request at a time comes on a connection, small enough for one segment.
    if (bytes.subarray(-4).equals(endOfHead)) accept(socket);
  });
});

function accept(socket: Socket): void {
  if (!wasAsked && stall !== undefined) setTimeout(standStill, stall.afterMs);
  wasAsked = true;
  if (delayMs === 0) {
    socket.write(answer);
    return;
  }
  waiting.push({ dueAtMs: performance.now() + delayMs, socket });
  if (!isTurning) turn();
}

function turn(): void {
  const nowMs = performance.now();
  for (let next = waiting[answered]; next !== undefined && next.dueAtMs <= nowMs; next = waiting[answered]) {
    if (next.socket.writable) next.socket.write(answer);
    answered += 1;
  }
  if (answered > 10_000) {
    waiting.splice(0, answered);
    answered = 0;
  }
  const next = waiting[answered];
  isTurning = next !== undefined;
  if (next === undefined) return;
  if (next.dueAtMs - nowMs < timerErrorMs) setImmediate(turn);
  else setTimeout(turn, next.dueAtMs - nowMs - timerErrorMs);
}

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stall?.forMs);
}

process.once("disconnect", () => process.exit(0));
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => process.send?.(server.address()));
