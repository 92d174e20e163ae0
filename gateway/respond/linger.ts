import type { Exchange } from "../exchange.ts";

/** A request body up to this size is read to its end by the server itself, and the connection goes on. Bytes. */
const keepAliveBodyBytes = 65_536;

/** What is read and thrown away of a request that was answered before it was whole. Bytes and milliseconds. */
const lingerBytes = 1_048_576;
const lingerMs = 1000;

function hasBody(exchange: Exchange): boolean {
  const { headers } = exchange.req;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * Whether so much of the request is unread, or may never come, that the connection cannot go on after the answer. A
 * small body that nobody has begun to read is no obstacle: the server reads past it.
 */
export function isRequestLeft(exchange: Exchange): boolean {
  const { req } = exchange;
  if (req.complete || !hasBody(exchange)) return false;
  if (exchange.owesContinue || exchange.bytesIn > 0) return true;
  const length = req.headers["content-length"];
  return length === undefined || Number(length) > keepAliveBodyBytes;
}

/**
 * Ends the response with `lastChunk`. Where the rest of the request is still on its way, it is read and thrown away
 * first, within bounds: closing at once would reset the connection, and a client that is still writing would lose the
 * answer (RFC 9112 §9.6). Resolves when the response is out, or the client is gone.
 */
export function endAfterRequest(exchange: Exchange, lastChunk: Buffer | string | undefined): Promise<void> {
  const isLeft = isRequestLeft(exchange) && !exchange.res.destroyed;
  return isLeft ? endLingering(exchange, lastChunk) : ended(exchange, lastChunk);
}

async function endLingering(exchange: Exchange, lastChunk: Buffer | string | undefined): Promise<void> {
  if (lastChunk === undefined) exchange.res.flushHeaders();
  else exchange.res.write(lastChunk);
  await drained(exchange);
  await ended(exchange, undefined);
}

function ended(exchange: Exchange, lastChunk: Buffer | string | undefined): Promise<void> {
  const { res } = exchange;
  return new Promise((resolve) => {
    if (res.destroyed) return resolve();
    res.once("close", resolve);
    res.end(lastChunk, () => resolve());
    if (res.writableLength > 0) exchange.readerWait.begin();
  });
}

/** Reads and throws away what is left of the request, until its end or a bound. */
function drained({ req, clock }: Exchange): Promise<void> {
  const { socket } = req;
  if (socket.readableEnded) return Promise.resolve();
  let leftBytes = lingerBytes;
  return new Promise((resolve) => {
    const stop = (): void => {
      req.off("data", count).off("end", stop).off("close", stop);
      socket.off("end", stop);
      clock.clearTimeout(timer);
      resolve();
    };
    const count = (chunk: Buffer): void => {
      leftBytes -= chunk.length;
      if (leftBytes <= 0) stop();
    };
    const timer = clock.setTimeout(stop, lingerMs, undefined);
    req.on("data", count).once("end", stop).once("close", stop);
    socket.once("end", stop);
    req.resume();
  });
}
