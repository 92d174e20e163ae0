import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";

import type { GatewayProcess } from "../support/gateway-process.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { RawUpstream } from "../support/raw-upstream.ts";

import { singleRoute } from "../support/config-file.ts";
import { loadOf, readStatus } from "../support/gateway-harness.ts";
import { spawnGateway } from "../support/gateway-process.ts";
import { openSockets } from "../support/gateway-vitals.ts";
import { connectClient } from "../support/raw-client.ts";
import { startUpstream } from "../support/raw-upstream.ts";
import { until } from "../support/until.ts";
import { hanging } from "../support/upstream-scripts.ts";
import { echoingBytes, echoingMessages, handshakeBytes } from "../support/websocket.ts";

export interface CrowdFigures {
  readonly tunnels: number;
  readonly abandonedHandshakes: number;
  readonly bytesEachWay: number;
  /** Sockets of the gateway's process at the end, above those from before. */
  readonly leakedSockets: number;
}

async function gatewayBefore(upstream: RawUpstream): Promise<GatewayProcess> {
  const roomy = { route: { websocket: true }, upstream: { websockets: { max: 10_000 } } };
  return spawnGateway(singleRoute({ ...roomy, target: upstream.url }));
}

/**
 * Many tunnels at once that echo, then end in every way there is: by RST and by FIN, of the client and of the upstream,
 * and as many handshakes that the client abandons. Nothing may be left of them.
 */
export async function crowd(tunnels: number, bytes: number): Promise<CrowdFigures> {
  await using upstream = await startUpstream(echoingBytes);
  await using gateway = await gatewayBefore(upstream);
  await settled(gateway, upstream); // whose connection to the admin port stays, and is counted before and after
  const before = openSockets(gateway.pid);
  const clients = await Promise.all(Array.from({ length: tunnels }, () => tunnelled(gateway)));
  assert.equal(await webSockets(gateway), tunnels);
  assert.ok(openSockets(gateway.pid) >= 2 * tunnels);
  await Promise.all(clients.map((client) => echo(client, randomBytes(bytes))));
  for (const [n, client] of clients.entries()) end(client, n, upstream);
  await settled(gateway, upstream);

  upstream.become(hanging);
  const waiting = await Promise.all(Array.from({ length: tunnels }, () => connectClient(gateway.port)));
  for (const client of waiting) client.send(handshakeBytes());
  await upstream.request(2 * tunnels);
  for (const [n, client] of waiting.entries()) {
    if (n % 2 === 0) client.reset();
    else client.fin();
  }
  await settled(gateway, upstream);
  await until(() => openSockets(gateway.pid) <= before);
  const leakedSockets = openSockets(gateway.pid) - before;
  for (const client of [...clients, ...waiting]) client[Symbol.dispose]();
  return { tunnels, abandonedHandshakes: tunnels, bytesEachWay: tunnels * bytes, leakedSockets };
}

async function tunnelled({ port }: GatewayProcess): Promise<RawClient> {
  const client = await connectClient(port);
  client.send(handshakeBytes());
  assert.equal((await client.head()).status, 101);
  return client;
}

async function echo(client: RawClient, sent: Buffer): Promise<void> {
  const received = client.bytes(sent.length);
  client.send(sent);
  assert.ok(sent.equals(await received), "the bytes come back as they went");
}

/** A quarter each: RST and FIN of the client, RST and FIN of the upstream. Which of its connections does not matter. */
function end(client: RawClient, n: number, { connections }: RawUpstream): void {
  const connection = connections[n];
  assert.ok(connection !== undefined);
  if (n % 4 === 0) client.reset();
  else if (n % 4 === 1) client.fin();
  else if (n % 4 === 2) connection.reset();
  else connection.fin();
}

/** What was ended from neither side is, now; then the gateway must have let go of everything. */
async function settled(gateway: GatewayProcess, upstream: RawUpstream): Promise<void> {
  for (const connection of upstream.connections) if (connection.isOpen) connection.destroy();
  await until(() => upstream.openConnections === 0);
  await until(async () => {
    const { inFlight, busy } = loadOf((await readStatus(gateway.adminPort)).upstreams);
    return inFlight === 0 && busy === 0 && (await webSockets(gateway)) === 0;
  });
}

async function webSockets({ adminPort }: GatewayProcess): Promise<number | undefined> {
  return (await readStatus(adminPort)).upstreams[0]?.webSockets;
}

/** As many real clients at once, each with a message of this size. Answers the bytes that went each way. */
export async function sendMessages(clients: number, bytes: number): Promise<number> {
  await using upstream = await startUpstream(echoingMessages);
  await using gateway = await gatewayBefore(upstream);
  const message = randomBytes(bytes);
  const one = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/`);
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
  await settled(gateway, upstream);
  return clients * bytes;
}
