import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { createProxyServer } from "http-proxy";

import { byName } from "./headers.ts";

export interface UpgradeRequest {
  readonly client: Socket;
  /** Makes the connection. */
  readonly agent: Agent;
  /** The request target, byte for byte. */
  readonly target: string;
  /** The handshake's fields as name, value, name, value …, without Connection and Upgrade. */
  readonly headers: readonly string[];
}

/** Answers the client 101 with the headers of `response`, and pipes the two sockets into each other. */
export type SwitchProtocols = (response: IncomingMessage, upstream: Socket, head: Buffer) => void;

export interface SentUpgrade {
  /** Its answer is the caller's to await: 'upgrade', 'response' and 'error'. */
  readonly request: ClientRequest;
  readonly switchProtocols: SwitchProtocols;
}

/** Ours and not the client's, which are hop-by-hop. */
export const switchingFields = ["connection", "Upgrade", "upgrade", "websocket"];

/**
 * Sends a WebSocket handshake by http-proxy, which also carries the tunnel. In between, it would answer the client by
 * itself whatever the upstream says: so its listeners are taken off the request, and its own for the switch is handed
 * out, to be called once the 101 has been checked. It is shown a bare handshake, because it normalises targets.
 */
export function sendUpgrade({ client, agent, target, headers }: UpgradeRequest): SentUpgrade {
  const proxy = createProxyServer();
  // Reports of errors that the sockets' own listeners have told already.
  proxy.on("error", ignore);
  let request: ClientRequest | undefined;
  proxy.once("proxyReqWs", (made) => {
    request = made;
    made.path = target;
    for (const name of made.getHeaderNames()) made.removeHeader(name);
    const fields = byName([...headers, ...switchingFields]);
    for (const name in fields) made.setHeader(name, fields[name] ?? "");
  });
  proxy.ws(bareHandshake as unknown as IncomingMessage, client, noBytes, { target: nowhere, agent, toProxy: true });
  const switchProtocols = request?.listeners("upgrade")[0] as SwitchProtocols | undefined;
  if (request === undefined || switchProtocols === undefined) throw new TypeError("http-proxy sent no handshake");
  for (const event of ["upgrade", "response", "error"]) request.removeAllListeners(event);
  return { request, switchProtocols };
}

/** No address: the agent knows where to connect. */
const nowhere = "http://upstream.invalid";

const noBytes = Buffer.alloc(0);

const bareHandshake = {
  method: "GET",
  url: "/",
  httpVersion: "1.1",
  httpVersionMajor: 1,
  headers: { connection: "Upgrade", upgrade: "websocket" },
};

function ignore(): void {}
