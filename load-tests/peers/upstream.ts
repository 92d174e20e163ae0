import { createServer } from "node:http";

import { announce } from "./announce.ts";

// The service behind each proxy: reads what it is sent, and answers with 300 bytes.
const answer = Buffer.from(JSON.stringify({ id: "ord-1", status: "accepted", note: "x".repeat(255) }));
const head = { "Content-Type": "application/json", "Content-Length": answer.length };

const server = createServer((req, res) => {
  req.resume();
  req.on("end", () => res.writeHead(200, head).end(answer));
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => announce(server));
