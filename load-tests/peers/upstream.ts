import type { ServerResponse } from "node:http";

import { createServer } from "node:http";

import { announce } from "./announce.ts";
import { eventsPerStream, eventIntervalMs, eventOf, largeBodyBytes } from "./workloads.ts";

// The service behind each proxy: reads what it is sent, and answers with 300 bytes, 1 MiB, or a stream of events.
const answer = Buffer.from(JSON.stringify({ id: "ord-1", status: "accepted", note: "x".repeat(255) }));
const head = { "Content-Type": "application/json", "Content-Length": answer.length };
const largeAnswer = Buffer.alloc(largeBodyBytes, "x");
const largeHead = { "Content-Type": "application/octet-stream", "Content-Length": largeBodyBytes };

/** Events that each open stream still has to send. */
const streams = new Map<ServerResponse, number>();
let ticker: NodeJS.Timeout | undefined;

/** Writes one event to every open stream, and ends the streams that have had all of theirs. */
function tick(): void {
  const event = eventOf(process.hrtime.bigint());
  for (const [res, left] of streams) {
    if (left > 1) streams.set(res, left - 1);
    else streams.delete(res);
    res.write(event);
    if (left === 1) res.end();
  }
  if (streams.size > 0) return;
  clearInterval(ticker);
  ticker = undefined;
}

function stream(res: ServerResponse): void {
  res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  res.on("close", () => streams.delete(res));
  streams.set(res, eventsPerStream);
  ticker ??= setInterval(tick, eventIntervalMs);
}

const server = createServer((req, res) => {
  req.resume();
  req.on("end", () => {
    if (req.url === "/events") stream(res);
    else if (req.url === "/orders/large") res.writeHead(200, largeHead).end(largeAnswer);
    else res.writeHead(200, head).end(answer);
  });
});
// Longer than a benchmark: a proxy must not lose a race against the close of an idle connection.
server.keepAliveTimeout = 3_600_000;
server.listen(0, "127.0.0.1", () => announce(server));
