import type { IncomingMessage } from "node:http";

import { createHash } from "node:crypto";

/** RFC 6455 §1.3: what makes the key's answer one that only a WebSocket server gives. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sixteen bytes in base64 (RFC 6455 §4.1). Of two fields node makes one that is no such thing. */
const keyForm = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Whether a request is a WebSocket handshake (RFC 6455 §4.2.1). What is not quite one is no upgrade to us, and is
 * served without its Upgrade field; versions are the upstream's to judge. A body would leave two parsers in doubt about
 * where the new protocol begins.
 */
export function isWebSocketHandshake({ method, headers, httpVersion }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    keyForm.test(headers["sec-websocket-key"] ?? "") &&
    headers["transfer-encoding"] === undefined &&
    (headers["content-length"] ?? "0") === "0"
  );
}

/**
 * Whether a 101 agrees to this handshake (RFC 6455 §4.1). One that does not may come from a server that took the
 * request for another, and what it says next must not be taken for a WebSocket.
 */
export function agreesTo(key: string, { headers, httpVersion }: IncomingMessage): boolean {
  const accept = createHash("sha1")
    .update(key + guid)
    .digest("base64");
  return (
    httpVersion === "1.1" &&
    headers.upgrade?.toLowerCase() === "websocket" &&
    /(?:^|[,\s])upgrade(?:[,\s]|$)/i.test(headers.connection ?? "") &&
    headers["sec-websocket-accept"] === accept
  );
}
