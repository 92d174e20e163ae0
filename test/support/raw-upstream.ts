import type { AddressInfo, Server, Socket } from "node:net";

import { once } from "node:events";
import { createServer } from "node:net";

import type { Ending } from "./byte-reader.ts";
import type { RecordedRequest, RequestHead } from "./http-message.ts";

import { ByteReader, EndOfBytes } from "./byte-reader.ts";
import { readRequestBody, readRequestHead } from "./http-message.ts";
import { Milestones } from "./milestones.ts";
import { resetSocket } from "./reset-socket.ts";

/** One connection the gateway opened, in the hands of a script that may misbehave in any way it likes. */
export class UpstreamConnection {
  /** Counted from 0 in the order of arrival. */
  readonly index: number;
  readonly requests: RecordedRequest[] = [];
  /** Who finished first, once anybody did. */
  finishedBy: "upstream" | "gateway" | undefined;
  readonly #socket: Socket;
  readonly #reader: ByteReader;
  readonly #arrived: (request: RecordedRequest) => void;

  constructor(index: number, socket: Socket, arrived: (request: RecordedRequest) => void) {
    this.index = index;
    this.#socket = socket;
    this.#reader = new ByteReader(socket);
    this.#arrived = arrived;
    void this.#reader.ended.then(() => (this.finishedBy ??= "gateway"));
  }

  /** How the gateway finished, once it did. */
  get ended(): Promise<Ending> {
    return this.#reader.ended;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#reader.ending === undefined;
  }

  /** The first bytes received, up to 256 KiB. */
  get received(): Buffer {
    return this.#reader.recorded;
  }

  /** Bytes that came after the last request read: none, unless somebody smuggles. */
  get unreadBytes(): number {
    return this.#reader.unreadBytes;
  }

  /** Awaits one whole request by its framing. */
  async readRequest(): Promise<RecordedRequest> {
    const head = await this.readHead();
    const chunks: Buffer[] = [];
    await this.readBody(head, (chunk) => chunks.push(chunk));
    const request = { ...head, body: Buffer.concat(chunks) };
    this.requests.push(request);
    this.#arrived(request);
    return request;
  }

  async readHead(): Promise<RequestHead> {
    return readRequestHead(this.#reader);
  }

  async readBody(head: RequestHead, take: (chunk: Buffer) => void): Promise<void> {
    await readRequestBody(this.#reader, head, take);
  }

  async readSome(): Promise<Buffer | undefined> {
    return this.#reader.some();
  }

  async readExactly(length: number): Promise<Buffer> {
    return this.#reader.exactly(length);
  }

  /** Takes no more bytes off the socket: the gateway's writes will block once the buffers are full. */
  stopReading(): void {
    this.#socket.pause();
  }

  write(bytes: string | Buffer): void {
    if (this.#socket.writable) this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Writes, and resolves once the kernel took it: true to go on at once, false if the gateway is gone. */
  async writeAll(bytes: Buffer): Promise<boolean> {
    if (!this.#socket.writable) return false;
    if (this.#socket.write(bytes)) return true;
    await Promise.race([once(this.#socket, "drain"), this.#reader.ended]);
    return this.#socket.writable;
  }

  /** One byte per turn of the event loop: a parser that needs its bytes together fails here. */
  async drip(bytes: string): Promise<void> {
    for (const byte of Buffer.from(bytes, "latin1")) {
      if (!this.#socket.writable) return;
      this.#socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  fin(): void {
    this.finishedBy ??= "upstream";
    this.#socket.end();
  }

  reset(): void {
    this.finishedBy ??= "upstream";
    resetSocket(this.#socket);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** What an upstream does with one connection. When it returns, the connection stays as it is. */
export type UpstreamScript = (connection: UpstreamConnection) => Promise<void> | void;

export interface UpstreamOptions {
  /** Replaces the plain TCP listener: TLS, say. */
  readonly createServer?: (onConnection: (socket: Socket) => void) => Server;
  readonly port?: number;
  /** Connections are forgotten as they end: for tests of many minutes. */
  readonly forgets?: boolean;
}

/** A listening upstream. Everything it saw is kept, so that tests await facts and never sleep. */
export class RawUpstream implements AsyncDisposable {
  readonly connections: UpstreamConnection[] = [];
  readonly requests: RecordedRequest[] = [];
  /** What scripts threw, other than the gateway going away under them. */
  readonly faults: unknown[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #milestones = new Milestones();
  readonly #forgets: boolean;
  #script: UpstreamScript;
  #accepted = 0;

  constructor(script: UpstreamScript, options: UpstreamOptions) {
    this.#script = script;
    this.#forgets = options.forgets ?? false;
    const accept = (socket: Socket): void => this.#accept(socket);
    this.#server = options.createServer?.(accept) ?? createServer({ allowHalfOpen: true, noDelay: true }, accept);
    // Of the TCP connections, so that a TLS handshake that never ended is closed with the rest.
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that neither side has finished. */
  get openConnections(): number {
    return this.connections.filter((connection) => connection.isOpen).length;
  }

  /** From the next connection on, the upstream behaves otherwise. */
  become(script: UpstreamScript): void {
    this.#script = script;
  }

  /** The nth whole request (from 1) over all connections. */
  async request(n: number): Promise<RecordedRequest> {
    await this.#milestones.reached("request", n);
    return this.requests[n - 1] as RecordedRequest;
  }

  /** The nth connection (from 1). */
  async connection(n: number): Promise<UpstreamConnection> {
    await this.#milestones.reached("connection", n);
    return this.connections[n - 1] as UpstreamConnection;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen({ port, host: "127.0.0.1", backlog: 4096 });
    await once(this.#server, "listening");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  #accept(socket: Socket): void {
    const connection = new UpstreamConnection(this.#accepted++, socket, (request) => {
      this.requests.push(request);
      this.#milestones.pass("request");
    });
    // The gateway is gone: whatever the script still waits for, the socket must not outlive it.
    void connection.ended.then(() => socket.end());
    if (this.#forgets) socket.on("close", () => this.connections.splice(this.connections.indexOf(connection), 1));
    this.connections.push(connection);
    this.#milestones.pass("connection");
    void this.#play(connection);
  }

  async #play(connection: UpstreamConnection): Promise<void> {
    try {
      await this.#script(connection);
    } catch (error) {
      if (!(error instanceof EndOfBytes)) this.faults.push(error);
    }
  }
}

/** Starts an upstream on 127.0.0.1 that plays `script` on each connection. */
export async function startUpstream(script: UpstreamScript, options: UpstreamOptions = {}): Promise<RawUpstream> {
  const upstream = new RawUpstream(script, options);
  await upstream.listen(options.port ?? 0);
  return upstream;
}
