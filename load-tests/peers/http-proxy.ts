import { createProxyServer } from "http-proxy";
import { Agent, createServer } from "node:http";

import { announce } from "./announce.ts";

// Bare http-proxy (its maintained rewrite): keep-alive to the upstream, nothing else switched on.
const proxy = createProxyServer({ target: process.argv[2] ?? "", agent: new Agent({ keepAlive: true }) });
const server = createServer((req, res) => proxy.web(req, res));
server.listen(0, "127.0.0.1", () => announce(server));
