import type { ConnectionHost, RequestHandler, ConnectionSettings } from "../../gateway/client/connection-host.ts";
import type { ClientRequest } from "../../gateway/client/request.ts";
import type { WaitLimits } from "../../gateway/client/waits.ts";

import { ClientConnection } from "../../gateway/client/connection.ts";
import { PipelinedRequests } from "../../gateway/client/pipelined.ts";
import { ResponseBuffers } from "../../gateway/client/response-buffers.ts";
import { ConnectionWaits } from "../../gateway/client/waits.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeSocket } from "../support/fake-socket.ts";

export const waitLimits: WaitLimits = { idle: 60_000, head: 10_000, linger: 5000, overfull: 30_000 };

/** One client connection on a fake socket, with a fake clock; its requests are the test's to answer. */
export class ConnectionStand implements RequestHandler {
  readonly clock = new FakeClock();
  readonly client = new FakeSocket();
  readonly buffers = new ResponseBuffers(1000, 10_000);
  readonly waits: ConnectionWaits;
  readonly pipelined: PipelinedRequests;
  readonly requests: ClientRequest[] = [];
  /** Of each request, what its exchange was cancelled with. */
  readonly cancelled: Error[][] = [];
  readonly faults: unknown[] = [];
  readonly connection: ClientConnection;
  onRequest: (request: ClientRequest, n: number) => void = () => {};
  onCancel: (reason: Error, n: number) => void = () => {};

  constructor(settings: Partial<ConnectionSettings> = {}) {
    this.waits = new ConnectionWaits(this.clock, waitLimits, (next) => setImmediate(next));
    this.pipelined = new PipelinedRequests(this.clock);
    const host: ConnectionHost = {
      handler: this,
      waits: this.waits,
      pipelined: this.pipelined,
      buffers: this.buffers,
      settings: {
        maxHeaderSize: 1000,
        maxRequestsPerSocket: 1000,
        halfClose: "serve",
        keepAliveTail: "connection: keep-alive\r\n\r\n",
        ...settings,
      },
      report: (error) => void this.faults.push(error),
    };
    this.connection = new ClientConnection(this.client.socket, host);
  }

  /** The latest request. */
  get request(): ClientRequest {
    const latest = this.requests.at(-1);
    if (latest === undefined) throw new Error("there was no request");
    return latest;
  }

  /** The codes with which the exchange of the latest request was cancelled. */
  get codes(): unknown[] {
    return (this.cancelled.at(-1) ?? []).map((reason) => ("code" in reason ? reason.code : reason));
  }

  handle(request: ClientRequest): void {
    const n = this.requests.push(request) - 1;
    const reasons: Error[] = [];
    this.cancelled.push(reasons);
    request.carry({
      cancel: (reason) => {
        reasons.push(reason);
        this.onCancel(reason, n);
      },
    });
    this.onRequest(request, n);
  }

  /** The client sends bytes, and they are read. */
  async send(bytes: string | Buffer): Promise<void> {
    this.client.arrive(bytes);
    await turn();
  }

  async fin(): Promise<void> {
    this.client.fin();
    await turn();
  }

  /** Answers a request whole and ends its exchange once that is out, as gateway.ts does. */
  async answer(body = "fine", request = this.request, isLast = request.isLast): Promise<void> {
    begin(request, body.length, isLast);
    request.response.end(body);
    await ended(request, isLast);
    await turn();
  }

  /** Time passes, with turns of the event loop on the way. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(Math.min(stepMs, ms - passed));
      await turn();
    }
  }
}

export function begin(request: ClientRequest, length: number | null, isLast = request.isLast): void {
  const fields = length === null ? [] : ["content-length", String(length)];
  request.response.begin(200, ["x-target", request.head.target || "none", "date", "now", ...fields], isLast);
}

/** Ends a request's exchange once its response is out, or its client gone. */
export function ended(request: ClientRequest, isLast = request.isLast): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      request.exchangeEnded(isLast);
      resolve();
    };
    request.response.onceFlushed({ flushed: end, gone: end });
  });
}

/** Two turns: streams tell of their end in one, and what that sets off happens in the next. */
export async function turn(): Promise<void> {
  for (let n = 0; n < 2; n++) await new Promise((resolve) => setImmediate(resolve));
}

/** The bytes of a request. */
export function requestText(target: string, { method = "GET", fields = "", body = "" } = {}): string {
  const length = body === "" || fields.includes("Transfer-Encoding") ? "" : `Content-Length: ${body.length}\r\n`;
  return `${method} ${target} HTTP/1.1\r\nHost: api.test\r\n${length}${fields}\r\n${body}`;
}

/** The bytes that `answer` writes. */
export function responseText(target: string, body = "fine", tail = "connection: keep-alive"): string {
  return `HTTP/1.1 200 OK\r\nx-target: ${target}\r\ndate: now\r\ncontent-length: ${body.length}\r\n${tail}\r\n\r\n${body}`;
}
