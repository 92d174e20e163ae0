import { createProxyServer } from "http-proxy";
import { Agent, createServer, ServerResponse } from "node:http";

import { announce } from "./announce.ts";

// Bare http-proxy (its maintained rewrite): keep-alive to the upstream, nothing else switched on.
const proxy = createProxyServer({ target: process.argv[2] ?? "", agent: new Agent({ keepAlive: true }) });
// Without a listener, the first connection that an upstream breaks would end the process.
proxy.on("error", (_error, _req, res) => {
  if (!(res instanceof ServerResponse) || res.headersSent) res?.destroy();
  else res.writeHead(502).end();
});
const server = createServer((req, res) => proxy.web(req, res));
server.listen(0, "127.0.0.1", () => announce(server));
