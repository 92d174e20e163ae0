import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";

import { announce } from "./announce.ts";

// Bare @fastify/http-proxy, as its README begins.
const server = fastify();
await server.register(httpProxy, { upstream: process.argv[2] ?? "" });
await server.listen({ port: 0, host: "127.0.0.1" });
announce(server.server);
