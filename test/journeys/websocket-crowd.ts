import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";

import type { RawClient } from "../support/raw-client.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";

import { Stage } from "../support/stage.ts";
import { until } from "../support/until.ts";
import { hanging } from "../support/upstream-scripts.ts";
import { echoingBytes, echoingMessages, handshakeBytes } from "../support/websocket.ts";

export interface CrowdFigures {
  readonly tunnels: number;
  readonly abandonedHandshakes: number;
  readonly bytesEachWay: number;
  /** Sockets of this process, gateway and test together, above those from before. */
  readonly leakedSockets: number;
}

const roomy = { route: { websocket: true }, upstream: { websockets: { max: 10_000 } } };

function sockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => /^(?:TCP|TLS)(?:Socket)?Wrap$/.test(kind)).length;
}

/**
 * Many tunnels at once that echo, then end in every way there is: by RST and by FIN, of the client and of the upstream,
 * and as many handshakes that the client abandons. Nothing may be left of them.
 */
export async function crowd(tunnels: number, bytes: number): Promise<CrowdFigures> {
  await using stage = new Stage();
  const upstream = await stage.front(echoingBytes, roomy);
  await stage.gateway.settled();
  await until(() => noSocketWaits());
  const before = sockets();
  const clients = await Promise.all(Array.from({ length: tunnels }, () => tunnelled(stage)));
  assert.equal((await stage.gateway.upstreams())[0]?.webSockets, tunnels);
  await Promise.all(clients.map((client) => echo(client, randomBytes(bytes))));
  await Promise.all(clients.map((client, n) => end(client, n, upstream)));
  await gone(stage, upstream);

  upstream.become(hanging);
  const waiting = await Promise.all(Array.from({ length: tunnels }, () => stage.client()));
  for (const client of waiting) client.send(handshakeBytes());
  await upstream.request(2 * tunnels);
  for (const [n, client] of waiting.entries()) (n % 2 === 0 ? client.reset : client.fin).call(client);
  await gone(stage, upstream);
  for (const client of [...clients, ...waiting]) client[Symbol.dispose]();
  await until(() => sockets() <= before);
  return { tunnels, abandonedHandshakes: tunnels, bytesEachWay: tunnels * bytes, leakedSockets: sockets() - before };

  /** The connections of /status requests, which fetch keeps for a while, are not ours to count. */
  function noSocketWaits(): boolean {
    return upstream.openConnections === 0;
  }
}

async function tunnelled(stage: Stage): Promise<RawClient> {
  const client = await stage.client();
  client.send(handshakeBytes());
  assert.equal((await client.head()).status, 101);
  return client;
}

async function echo(client: RawClient, sent: Buffer): Promise<void> {
  const received = client.bytes(sent.length);
  client.send(sent);
  assert.ok(sent.equals(await received), "the bytes come back as they went");
}

async function end(client: RawClient, n: number, upstream: RawUpstream): Promise<void> {
  const connection = await upstream.connection((n % upstream.connections.length) + 1);
  if (n % 4 === 0) client.reset();
  else if (n % 4 === 1) client.fin();
  else if (n % 4 === 2) connection.reset();
  else connection.fin();
}

async function gone(stage: Stage, upstream: RawUpstream): Promise<void> {
  // Whoever was not ended from here was ended from the other side.
  for (const connection of upstream.connections) if (connection.isOpen) connection.reset();
  await until(() => upstream.openConnections === 0);
  await stage.gateway.settled();
  assert.equal((await stage.gateway.upstreams())[0]?.webSockets, 0);
}

/** As many real clients at once, each with a message of this size. */
export async function messages(clients: number, bytes: number): Promise<number> {
  await using stage = new Stage();
  await stage.front(echoingMessages, roomy);
  const message = randomBytes(bytes);
  const one = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${stage.gateway.port}/`);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    const answered = once(socket, "message") as Promise<[MessageEvent]>;
    socket.send(message);
    const [{ data }] = await answered;
    assert.ok(message.equals(Buffer.from(data as ArrayBuffer)));
    const closed = once(socket, "close");
    socket.close(1000);
    await closed;
  };
  await Promise.all(Array.from({ length: clients }, one));
  await stage.gateway.settled();
  return clients * bytes;
}
