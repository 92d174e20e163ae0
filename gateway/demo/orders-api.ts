import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { once } from "node:events";
import { createServer } from "node:http";

import { misbehave } from "./misbehaviour.ts";

export interface OrdersApi {
  readonly port: number;
  /** Ends every connection, including those it holds without an answer. */
  close(): Promise<void>;
}

interface Orders {
  readonly byId: Map<string, unknown>;
  created: number;
}

/** The sample does not grow for ever: beyond this many orders the oldest is forgotten. */
const maxOrders = 1_000;
const maxBodyBytes = 64 * 1_024;

/**
 * A small Orders API on a free loopback port, standing in for the service behind the gateway: `GET /orders`,
 * `POST /orders`, `GET /orders/{id}`, and one path under `/demo/` for each way of misbehaving. It checks nothing it is
 * sent, as services behind a validating gateway tend to.
 */
export async function startOrdersApi(): Promise<OrdersApi> {
  const orders: Orders = { byId: new Map(), created: 0 };
  const server = createServer((req, res) => answer(orders, req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, close: () => close(server) };
}

/** A loopback port on which nobody listens, so that connecting to it is refused. */
export async function findRefusingPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await close(server);
  return port;
}

function answer(orders: Orders, req: IncomingMessage, res: ServerResponse): void {
  const path = (req.url ?? "/").split("?", 1)[0] ?? "/";
  if (path.startsWith("/demo/")) misbehave(path.slice("/demo/".length), res);
  else if (path === "/orders" && req.method === "POST") createOrder(orders, req, res);
  else if (path === "/orders") send(res, 200, { orders: [...orders.byId.values()] });
  else sendOrder(orders.byId.get(path.slice("/orders/".length)), res);
}

function sendOrder(order: unknown, res: ServerResponse): void {
  // The API's own 404: the gateway relays it, and Proxy-Status says that it is the upstream's.
  if (order === undefined) send(res, 404, { error: "no such order" });
  else send(res, 200, order);
}

function createOrder(orders: Orders, req: IncomingMessage, res: ServerResponse): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  req.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) req.destroy();
    else chunks.push(chunk);
  });
  req.on("end", () => store(orders, Buffer.concat(chunks), res));
}

function store(orders: Orders, body: Buffer, res: ServerResponse): void {
  let order: unknown;
  try {
    order = JSON.parse(body.toString());
  } catch {
    // Reached only by going past the gateway.
    return send(res, 500, { error: "SyntaxError: not JSON" });
  }
  const id = `ord-${(orders.created += 1)}`;
  const oldest = orders.byId.keys().next();
  if (orders.byId.size >= maxOrders && !oldest.done) orders.byId.delete(oldest.value);
  const stored = { id, ...(order as object) };
  orders.byId.set(id, stored);
  send(res, 200, stored);
}

function send(res: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  res.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  res.end(text);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
