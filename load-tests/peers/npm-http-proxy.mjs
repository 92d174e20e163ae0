import { Agent, createServer, ServerResponse } from "node:http";

import { announce } from "./announce.ts";

// Bare http-proxy in the edition that the first argument names: keep-alive to the upstream, nothing else switched on.
const [, , edition = "", upstream = ""] = process.argv;
const library = await import(edition);
const proxy = (library.default ?? library).createProxyServer({
  target: upstream,
  agent: new Agent({ keepAlive: true }),
});
// Without a listener, the first connection that an upstream breaks would end the process.
proxy.on("error", (_error, _req, res) => {
  if (!(res instanceof ServerResponse) || res.headersSent) res?.destroy();
  else res.writeHead(502).end();
});
const server = createServer((req, res) => proxy.web(req, res));
server.listen(0, "127.0.0.1", () => announce(server));
