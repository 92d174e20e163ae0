import type { Socket } from "node:net";

import { IncomingMessage, ServerResponse } from "node:http";

/** How long the rest of a client's bytes is read and thrown away after our last. Milliseconds. */
const lingerMs = 1000;

/** Ends a connection whose answers are out, unless that has been done. */
export function endInOrder(socket: Socket): void {
  if (socket.writable) socket.destroySoon();
}

/**
 * Ends the connection, but not before the client has, or a while has passed: closing with bytes unread resets it, and
 * the client may lose the answer to what it is still sending (RFC 9112 §9.6).
 */
function lingerAndEnd(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once("close", () => clearTimeout(timer));
}

/** A request and a response for bytes that made no request, so that their refusal is answered and logged like any. */
export function bareMessages(socket: Socket): { readonly req: IncomingMessage; readonly res: ServerResponse } {
  const req = new IncomingMessage(socket);
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  req.httpVersion = "1.1";
  req.complete = true;
  return { req, res: bareResponse(req) };
}

/** A response on a socket that Node's server has given away: its connection's last, if it is ever begun. */
export function bareResponse(req: IncomingMessage): ServerResponse {
  const { socket } = req;
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => lingerAndEnd(socket));
  // The server would have passed it on.
  socket.on("drain", () => res.emit("drain"));
  return res;
}
