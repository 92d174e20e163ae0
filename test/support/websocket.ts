import type { RecordedRequest } from "./http-message.ts";
import type { RequestParts } from "./raw-client.ts";
import type { UpstreamConnection, UpstreamScript } from "./raw-upstream.ts";

import { createHash } from "node:crypto";

import { valueOf } from "./http-message.ts";
import { requestBytes } from "./raw-client.ts";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** RFC 6455's own example. */
export const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";

/** A handshake; `fields` come on top of its own. */
export function handshake(parts: RequestParts = {}): RequestParts {
  const own = [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Key", sampleKey],
    ["Sec-WebSocket-Version", "13"],
  ] as const;
  return { ...parts, fields: [...own, ...(parts.fields ?? [])] };
}

export function handshakeBytes(parts: RequestParts = {}): Buffer {
  return requestBytes(handshake(parts));
}

/** The answer to a Sec-WebSocket-Key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash("sha1")
    .update(key + guid)
    .digest("base64");
}

/** The 101 that agrees to a handshake. */
export function switching(request: RecordedRequest, more: readonly string[] = []): string {
  const accept = acceptOf(valueOf(request.fields, "sec-websocket-key") ?? "");
  const fields = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, ...more];
  return `HTTP/1.1 101 Switching Protocols\r\n${fields.join("\r\n")}\r\n\r\n`;
}

/** Agrees to the handshake and leaves the rest to `then`. */
export function upgrading(then: (connection: UpstreamConnection) => Promise<void> | void): UpstreamScript {
  return async (connection) => {
    connection.write(switching(await connection.readRequest()));
    await then(connection);
  };
}

/** Sends back every byte, whatever protocol they are: no frame is understood. */
export const echoingBytes: UpstreamScript = upgrading(async (connection) => {
  for (let bytes = await connection.readSome(); bytes !== undefined; bytes = await connection.readSome()) {
    if (!(await connection.writeAll(bytes))) return;
  }
  connection.fin();
});

/** Sends every message back, frame by frame and unmasked, as a server must. */
export const echoingMessages: UpstreamScript = upgrading(async (connection) => {
  for (;;) {
    const { opcode, isFinal, payload } = await readFrame(connection);
    const isClose = opcode === closeOpcode;
    if (!(await connection.writeAll(frame({ opcode, isFinal, payload }))) || isClose) break;
  }
  connection.fin();
});

const closeOpcode = 8;

interface Frame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** Reads one client's frame (RFC 6455 §5.2): masked, or it throws. */
async function readFrame(connection: UpstreamConnection): Promise<Frame> {
  const [first = 0, second = 0] = await connection.readExactly(2);
  if ((second & 0x80) === 0) throw new Error("a client's frame is not masked");
  let length = second & 0x7f;
  if (length === 126) length = (await connection.readExactly(2)).readUInt16BE();
  else if (length === 127) length = Number((await connection.readExactly(8)).readBigUInt64BE());
  const mask = await connection.readExactly(4);
  const payload = Buffer.from(await connection.readExactly(length));
  for (let i = 0; i < payload.length; i += 1) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
  return { opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload };
}

/** A server's frame. */
function frame({ opcode, isFinal, payload }: Frame): Buffer {
  const first = (isFinal ? 0x80 : 0) | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.of(first, payload.length), payload]);
  const head = Buffer.alloc(payload.length < 65_536 ? 4 : 10);
  head[0] = first;
  if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(payload.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
}
