import type { Socket } from "node:net";

import { once } from "node:events";
import { connect } from "node:net";

import type { Ending } from "./byte-reader.ts";
import type { Field, ReceivedResponse, ResponseHead } from "./http-message.ts";

import { ByteReader } from "./byte-reader.ts";
import { readResponseBody, readResponseHead } from "./http-message.ts";
import { resetSocket } from "./reset-socket.ts";

/** A client that sends exactly the bytes it is given and reads the answers strictly. */
export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #reader: ByteReader;
  readonly #interim: ResponseHead[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#reader = new ByteReader(socket);
  }

  /** How the gateway ended the connection, once it did. */
  get ended(): Promise<Ending> {
    return this.#reader.ended;
  }

  /** Everything received so far, up to 256 KiB. */
  get received(): Buffer {
    return this.#reader.recorded;
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Sends, and resolves once the kernel took it all: under backpressure that is not before the far side reads. */
  async sendAll(bytes: Buffer): Promise<void> {
    if (!this.#socket.write(bytes)) await once(this.#socket, "drain");
  }

  /** The next final response's head; interim ones are kept for `response`. */
  async head(): Promise<ResponseHead> {
    for (;;) {
      const head = await readResponseHead(this.#reader);
      if (head.status >= 200 || head.status === 101) return head;
      this.#interim.push(head);
    }
  }

  /** The next 1xx, as soon as it comes. */
  async interimHead(): Promise<ResponseHead> {
    return readResponseHead(this.#reader);
  }

  /** The rest of the response whose head was read; each piece goes to `take`, none is kept. */
  async drainBody(
    head: ResponseHead,
    take: (chunk: Buffer) => void,
    method?: string,
  ): Promise<Pick<ReceivedResponse, "isComplete" | "ending">> {
    return readResponseBody(this.#reader, head, { take, ...(method === undefined ? {} : { method }) });
  }

  async response(method?: string): Promise<ReceivedResponse> {
    const head = await this.head();
    const chunks: Buffer[] = [];
    const body = await readResponseBody(this.#reader, head, {
      take: (chunk) => chunks.push(chunk),
      ...(method === undefined ? {} : { method }),
    });
    return { ...head, ...body, body: Buffer.concat(chunks), interim: this.#interim.splice(0) };
  }

  /** Reads the given number of body or other bytes, raw. */
  async bytes(length: number): Promise<Buffer> {
    return this.#reader.exactly(length);
  }

  /** Takes no more bytes off the socket until something is read again. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Half-closes: no more bytes from us, answers are still read. */
  fin(): void {
    this.#socket.end();
  }

  /** Goes away without a word: RST. */
  reset(): void {
    resetSocket(this.#socket);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

export async function connectClient(port: number): Promise<RawClient> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const client = new RawClient(socket);
  await once(socket, "connect");
  return client;
}

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Null sends no Host. Default `api.test`. */
  readonly host?: string | null;
  readonly fields?: readonly Field[];
  /** Sent with its Content-Length. */
  readonly body?: string | Buffer;
}

/** The exact bytes of an ordinary request. */
export function requestBytes(parts: RequestParts = {}): Buffer {
  const { method = "GET", target = "/", version = "HTTP/1.1", host = "api.test", fields = [], body } = parts;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const lines = [`${method} ${target} ${version}`];
  if (host !== null) lines.push(`Host: ${host}`);
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  if (bytes !== undefined) lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes ?? Buffer.alloc(0)]);
}

/** One request on a connection of its own. */
export async function exchange(port: number, parts: RequestParts = {}): Promise<ReceivedResponse> {
  using client = await connectClient(port);
  client.send(requestBytes(parts));
  return await client.response(parts.method);
}
