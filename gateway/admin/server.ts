import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { once } from "node:events";
import { createServer } from "node:http";

import type { AdminConfig } from "../config/schema.ts";
import type { AdminSources } from "./endpoints.ts";

import { Failure } from "../failures/failure.ts";
import { endpointsOf, findEndpoint } from "./endpoints.ts";
import { hostIsLoopback, isLoopback } from "./loopback.ts";
import { problemReply, send } from "./reply.ts";

export interface AdminOptions<L extends string = string> extends AdminSources<L> {
  readonly config: AdminConfig;
  /** Takes what an endpoint threw though it is no Failure: a bug, answered as `internal`. */
  readonly onError: (error: unknown) => void;
}

/** The admin port: probes, metrics, status and the log level. */
export interface AdminServer {
  /** Resolves with the port once it listens; rejects with node's error where it cannot. */
  listen(): Promise<number>;
  /** Ends the listener and every connection; what is being answered is cut off. */
  close(): Promise<void>;
}

// Requests here are small and come from machines that know what they want; probes must not starve behind a leak.
const maxConnections = 256;
const patienceMs = 5000;
const socketIdleMs = 30_000;
const maxHeaderBytes = 8192;

/**
 * An admin server of its own, beside the gateway's listener, so that it answers while that one sheds or drains.
 * Bound to loopback, it refuses requests whose Host names anything else.
 */
export function createAdminServer<L extends string>(options: AdminOptions<L>): AdminServer {
  const { config, onError } = options;
  const endpoints = endpointsOf(options);
  const isPrivate = isLoopback(config.host);

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      if (isPrivate && !hostIsLoopback(req.headers.host))
        throw new Failure("malformed_request", { detail: foreignHost });
      send(req, res, await findEndpoint(endpoints, req)(req));
    } catch (thrown) {
      // The client left while its body was read: no bug, and nobody to answer.
      if (req.destroyed && !req.complete) return;
      if (!(thrown instanceof Failure)) onError(thrown);
      send(req, res, problemReply(thrown));
    }
  }

  const server = createBoundedServer((req, res) => void answer(req, res));
  return {
    async listen() {
      server.listen({ host: config.host, port: config.port });
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const foreignHost = "The Host field does not name this machine's loopback, which this port is bound to.";

function createBoundedServer(answer: (req: IncomingMessage, res: ServerResponse) => void): Server {
  const server = createServer(
    {
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: maxHeaderBytes,
      noDelay: true,
    },
    answer,
  );
  server.maxConnections = maxConnections;
  server.setTimeout(socketIdleMs);
  return server;
}
