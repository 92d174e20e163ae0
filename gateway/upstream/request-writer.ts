import type { Socket } from "node:net";

import type { RequestBody } from "../exchange/exchange.ts";
import type { OutgoingRequest } from "./carrier.ts";

import { chunkHead, lastChunk } from "../http1/chunked.ts";
import { writeRequestHead } from "../http1/write-head.ts";

export interface RequestParts {
  readonly body: RequestBody;
  /** The upstream is asked whether it wants the body before it is sent. */
  readonly isExpecting: boolean;
  /** The connection carries no further request. */
  readonly isLast: boolean;
}

/** Head and body up to this are one write (measured). Bytes. */
const oneWriteBytes = 16_384;

/** Methods whose requests say that they have no body (RFC 9110 §8.6). */
const expectsBody = new Set(["POST", "PUT", "PATCH", "QUERY", "PROPFIND", "PROPPATCH"]);

/**
 * Writes a request: its head, and the body where that is complete. Of a stream the head alone.
 *
 * @throws FieldRefused where a field holds what no field may hold; nothing was written
 */
export function writeRequest(socket: Socket, { method, target, headers }: OutgoingRequest, parts: RequestParts): void {
  const { body, isExpecting, isLast } = parts;
  headers.splice(2, 0, "connection", isLast ? "close" : "keep-alive");
  if (isExpecting) headers.push("expect", "100-continue");
  const length = lengthOf(body);
  if (length === null) headers.push("transfer-encoding", "chunked");
  else if (length > 0 || expectsBody.has(method)) headers.push("content-length", String(length));
  const head = writeRequestHead(method, target, headers);
  if (body.kind === "buffered") writeWhole(socket, head, body);
  else socket.write(head, "latin1");
}

/** Null where the body goes out in chunks. */
function lengthOf(body: RequestBody): number | null {
  if (body.kind === "none") return 0;
  if (body.kind === "stream") return body.length;
  return body.isChunked ? null : body.bytes.length;
}

function writeWhole(socket: Socket, head: string, { bytes, isChunked }: { bytes: Buffer; isChunked: boolean }): void {
  const begin = isChunked && bytes.length > 0 ? `${head}${chunkHead(bytes.length)}` : head;
  const end = isChunked ? (bytes.length > 0 ? `\r\n${lastChunk}` : lastChunk) : "";
  if (bytes.length <= oneWriteBytes) return void socket.write(begin + bytes.toString("latin1") + end, "latin1");
  socket.cork();
  socket.write(begin, "latin1");
  socket.write(bytes);
  if (end !== "") socket.write(end, "latin1");
  socket.uncork();
}
