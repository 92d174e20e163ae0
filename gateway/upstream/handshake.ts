import type { IncomingMessage } from "node:http";

import { createHash } from "node:crypto";

import type { Inbound, UpstreamAnswer } from "../exchange/exchange.ts";

import { Failure } from "../failures/failure.ts";
import { Fields, Known, parseFields } from "../http1/fields.ts";
import { responseFraming, untilClose } from "../http1/framing.ts";
import { responseFields } from "./headers.ts";

/** RFC 6455 §1.3: what makes the key's answer one that only a WebSocket server gives. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Sixteen bytes in base64 (RFC 6455 §4.1). Two fields are joined to one that is no such thing. */
const keyForm = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/**
 * Whether a request is a WebSocket handshake (RFC 6455 §4.2.1). What is not quite one is no upgrade to us, and is
 * served without its Upgrade field; versions are the upstream's to judge. A body would leave two parsers in doubt about
 * where the new protocol begins.
 */
export function isWebSocketHandshake({ method, fields, minorVersion }: Inbound): boolean {
  return (
    fields.has(Known.upgrade) &&
    method === "GET" &&
    minorVersion === 1 &&
    fields.get("upgrade")?.toLowerCase() === "websocket" &&
    asksForUpgrade(fields.get("connection") ?? "") &&
    keyForm.test(fields.get("sec-websocket-key") ?? "") &&
    !fields.has(Known.transferEncoding) &&
    (fields.get("content-length") ?? "0") === "0"
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
    asksForUpgrade(headers.connection ?? "") &&
    headers["sec-websocket-accept"] === accept
  );
}

function asksForUpgrade(connection: string): boolean {
  return /(?:^|[,\s])upgrade(?:[,\s]|$)/i.test(connection);
}

/** The head of an upstream's answer to a handshake. */
export interface HandshakeAnswer extends Pick<UpstreamAnswer, "status" | "headers" | "proxyStatus"> {
  /** A length or a last chunk marks the body's end, not the end of the connection. */
  readonly isDelimited: boolean;
}

/**
 * Reads the head of an answer that node's parser has read, by the rules for every other.
 *
 * @throws Failure upstream_protocol_error
 */
export function readHandshakeAnswer({
  rawHeaders,
  statusCode = 0,
  httpVersionMinor,
}: IncomingMessage): HandshakeAnswer {
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) lines.push(`${rawHeaders[i]}:${rawHeaders[i + 1]}`);
  const fields = new Fields();
  const minorVersion = httpVersionMinor === 0 ? 0 : 1;
  const rule = parseFields(lines.join("\r\n"), 0, fields);
  const framing = rule ?? responseFraming({ status: statusCode, minorVersion, fields }, "GET");
  if (typeof framing === "string" || statusCode > 599) throw new Failure("upstream_protocol_error");
  const proxyStatus = fields.get("proxy-status");
  return { status: statusCode, headers: responseFields(fields), proxyStatus, isDelimited: framing !== untilClose };
}
