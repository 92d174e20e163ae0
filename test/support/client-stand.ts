import type { Clock } from "../../gateway/exchange/clock.ts";
import type { ListenConfig } from "../../gateway/config/schema.ts";
import type { RequestHandler } from "../../gateway/client/connection-host.ts";
import type { ClientRequest } from "../../gateway/client/request.ts";
import type { Listener } from "../../gateway/client/server.ts";

import { createListener } from "../../gateway/client/server.ts";
import { systemClock } from "../../gateway/exchange/clock.ts";
import { connectClient } from "./raw-client.ts";

/** What is said of `listen` where a test says nothing. */
export const plainListen = {
  host: "127.0.0.1",
  port: 0,
  headersTimeout: 10_000,
  keepAlive: 60_000,
  writeIdle: 30_000,
  maxConnections: 100,
  maxRequestsPerSocket: 100_000,
  maxHeaderSize: 4096,
  halfClose: "serve",
  responseBuffer: 65_536,
  maxBufferedResponseBytes: 1024 * 1024,
} as ListenConfig;

/** An open listener on real sockets whose requests the test answers: with 200 and "fine", unless it says otherwise. */
export class ClientStand implements RequestHandler, AsyncDisposable {
  readonly requests: ClientRequest[] = [];
  /** What the exchanges of the requests were cancelled with, in order. */
  readonly cancelled: Error[] = [];
  /** Exceptions that no request could be told of. */
  readonly faults: unknown[] = [];
  readonly listener: Listener;
  port = 0;
  onRequest: (request: ClientRequest) => void = answer;

  constructor(listen: Partial<ListenConfig> = {}, clock: Clock = systemClock) {
    this.listener = createListener({
      listen: { ...plainListen, ...listen },
      handler: this,
      clock,
      report: (event) => void this.faults.push(event),
    });
  }

  async open(): Promise<this> {
    this.port = await this.listener.open();
    return this;
  }

  handle(request: ClientRequest): void {
    this.requests.push(request);
    request.carry({ cancel: (reason) => void this.cancelled.push(reason) });
    this.onRequest(request);
  }

  /** Sends bytes on a connection of its own and resolves with all that comes back, when the gateway has ended it. */
  async send(bytes: string): Promise<string> {
    using client = await connectClient(this.port);
    client.send(bytes);
    await client.ended;
    return client.received.toString("latin1");
  }

  /** The code that the only request is refused with. */
  get refusal(): string | undefined {
    return this.requests.length === 1 ? this.requests[0]?.failure?.code : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.listener.close();
    this.listener.destroy();
    await closed;
  }
}

/** Answers a request whole and ends its exchange once that is out. */
export function answer(request: ClientRequest, body = "fine", status = 200): void {
  const { response } = request;
  response.begin(status, ["content-length", String(Buffer.byteLength(body))], request.isLast);
  response.end(request.head.method === "HEAD" ? undefined : body);
  const ended = (): void => request.exchangeEnded(request.isLast);
  response.onceFlushed({ flushed: ended, gone: ended });
}
