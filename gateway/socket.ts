import type { Socket } from "node:net";

import { IncomingMessage, ServerResponse } from "node:http";

import type { Exchange } from "./exchange.ts";

const carried = Symbol("exchange");

type CarryingSocket = Socket & { [carried]?: Exchange };

/** Remembers which exchange a client's socket carries, for what the parser reports of the socket alone. */
export function carry(socket: Socket, exchange: Exchange): void {
  (socket as CarryingSocket)[carried] = exchange;
}

/** The exchange that the socket carries now, if its answer is not out yet. */
export function carriedExchange(socket: Socket): Exchange | undefined {
  const exchange = (socket as CarryingSocket)[carried];
  return exchange === undefined || exchange.res.writableFinished ? undefined : exchange;
}

/** Ends the connection in good order, unless a request behind the last one still waits for its answer. */
export function endWhenIdle(socket: Socket): void {
  if (carriedExchange(socket) === undefined) socket.destroySoon();
}

/** A request and a response for bytes that made no request, so that their refusal is answered and logged like any. */
export function bareMessages(socket: Socket): { readonly req: IncomingMessage; readonly res: ServerResponse } {
  const req = new IncomingMessage(socket);
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  req.httpVersion = "1.1";
  req.complete = true;
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.destroySoon());
  return { req, res };
}
