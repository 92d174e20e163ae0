import type { ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { Agent } from "node:http";

import type { Attempt, Exchange, Takeover, Tunnel, UpstreamAnswer, Waiter } from "../exchange/exchange.ts";
import type { OutgoingRequest } from "./carrier.ts";
import type { Endpoint } from "./connect.ts";
import type { SwitchProtocols } from "./upgrade.ts";

import { Failure } from "../failures/failure.ts";
import { openConnection } from "./connect.ts";
import { agreesTo, readHandshakeAnswer } from "./handshake.ts";
import { byName } from "./headers.ts";
import { Refusal } from "./refusal.ts";
import { JoinedSockets } from "./tunnel.ts";
import { sendUpgrade, switchingFields } from "./upgrade.ts";

export interface WebSocketsOptions {
  readonly endpoint: Endpoint;
  /** Longest silence of both sides of a tunnel, in milliseconds. */
  readonly idleMs: number;
}

/** All WebSockets to one target. Each has a connection of its own, for its handshake and what follows. */
export class WebSockets {
  readonly #options: WebSocketsOptions;
  #open = 0;

  constructor(options: WebSocketsOptions) {
    this.#options = options;
  }

  /** Upstream connections: of handshakes, of tunnels, of answers that refuse. */
  get open(): number {
    return this.#open;
  }

  /** Settles with the upstream's answer: a tunnel, or whatever else it said. Rejects with what went wrong. */
  send(exchange: Exchange, attempt: Attempt, request: OutgoingRequest): Promise<UpstreamAnswer> {
    const opened = (upstream: Socket): void => {
      this.#open++;
      upstream.once("close", () => this.#open--);
    };
    return new Handshake({ ...this.#options, exchange, attempt, request, opened }).answer;
  }
}

interface HandshakeOptions extends WebSocketsOptions {
  readonly exchange: Exchange;
  readonly attempt: Attempt;
  readonly request: OutgoingRequest;
  readonly opened: (upstream: Socket) => void;
}

interface Agreed {
  readonly response: IncomingMessage;
  readonly head: Buffer;
  readonly upstream: Socket;
  readonly switchProtocols: SwitchProtocols;
}

/** One handshake, from the connection to the upstream's answer, and the tunnel that may come of it. */
class Handshake implements Waiter {
  readonly #options: HandshakeOptions;
  readonly #takeover: Takeover;
  #upstream: Socket | undefined;
  #request: ClientRequest | undefined;
  #isOver = false;
  #resolve!: (answer: UpstreamAnswer) => void;
  #reject!: (cause: unknown) => void;
  readonly answer: Promise<UpstreamAnswer>;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    const { exchange, request } = options;
    this.#takeover = exchange.takeOver();
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#wait("connect", request.timeouts.connect);
    try {
      this.#begin();
    } catch (cause) {
      this.#fail(cause);
    }
    exchange.await(this);
  }

  cancel(reason: Error): void {
    this.#fail(reason);
  }

  #begin(): void {
    const { target, headers } = this.#options.request;
    const { socket: client } = this.#takeover;
    const { request, switchProtocols } = sendUpgrade({ client, agent: this.#agent(), target, headers });
    this.#request = request;
    request.on("upgrade", (response, upstream, head) => {
      this.#switched({ response, head, upstream, switchProtocols });
    });
    request.on("response", (response) => this.#refused(response, response.socket));
    request.on("error", (error) => this.#fail(error));
  }

  /** Connects as for every request, so that each phase has its name and TLS its settings. */
  #agent(): Agent {
    const { endpoint, exchange, attempt, request, opened } = this.#options;
    const agent = new Agent();
    agent.createConnection = (_options, callback) => {
      const upstream = openConnection(endpoint, {
        phase: (phase) => {
          attempt.phase = phase;
        },
        connected: (socket) => {
          attempt.connectMs = exchange.clock.now() - attempt.startedAt;
          attempt.phase = "headers";
          attempt.sent = attempt.complete = true;
          this.#wait("headers", request.timeouts.headers);
          callback?.(null, socket);
        },
        failed: (error) => this.#fail(error),
      });
      upstream.once("end", () => {
        attempt.closedByUpstream = true;
      });
      this.#upstream = upstream;
      opened(upstream);
      return undefined;
    };
    return agent;
  }

  #switched(agreed: Agreed): void {
    const { exchange, attempt } = this.#options;
    const { response } = agreed;
    if (this.#isOver) return;
    try {
      this.#noteAnswer(response);
      if (!agreesTo(exchange.inbound.fields.get("sec-websocket-key") ?? "", response))
        throw new Failure("upgrade_invalid");
      const head = readHandshakeAnswer(response);
      this.#isOver = true;
      exchange.timer.setDeadline(exchange.endsAt);
      exchange.settle();
      attempt.admission.bodyEnded();
      const tunnel: Tunnel = { open: (fields) => this.#openTunnel(fields, agreed) };
      this.#resolve({ ...head, flow: ignore, resume: ignore, tunnel });
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async #openTunnel(fields: readonly string[], { response, upstream, head, switchProtocols }: Agreed): Promise<void> {
    const { exchange, idleMs } = this.#options;
    const { socket: client } = this.#takeover;
    if (exchange.cancelled !== undefined) {
      upstream.destroy();
      throw exchange.cancelled;
    }
    client.unshift(this.#takeover.complete());
    exchange.hasSwitched = true;
    // As everywhere, a byte of a field is a byte.
    client.setDefaultEncoding("latin1");
    response.headers = byName([...fields, ...switchingFields]);
    switchProtocols(response, upstream, head);
    await new JoinedSockets({ exchange, client, upstream, idleMs }).ended;
  }

  #refused(response: IncomingMessage, upstream: Socket): void {
    const { exchange, attempt, request } = this.#options;
    if (this.#isOver) return;
    this.#noteAnswer(response);
    try {
      // node takes a 101 without an Upgrade field for an answer.
      if (response.statusCode === switchingStatus) throw new Failure("upgrade_invalid");
      if (response.httpVersionMajor !== 1) throw new Failure("upstream_protocol_error");
      const head = readHandshakeAnswer(response);
      this.#isOver = true;
      attempt.phase = "relay";
      exchange.timer.setDeadline(exchange.endsAt);
      this.#resolve(new Refusal({ exchange, attempt, response, upstream, head, idleMs: request.timeouts.idle }));
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #noteAnswer(response: IncomingMessage): void {
    const { exchange, attempt } = this.#options;
    attempt.firstByteMs = exchange.clock.now() - attempt.startedAt;
    attempt.responseBytes = response.socket.bytesRead;
  }

  #wait(timer: "connect" | "headers", delayMs: number): void {
    const { exchange, attempt } = this.#options;
    attempt.awaitedSince = exchange.clock.now();
    attempt.timerMs = delayMs;
    exchange.timer.wait(timer, attempt.awaitedSince + delayMs);
  }

  #fail(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.exchange.settle();
    this.#upstream?.destroy();
    this.#request?.destroy();
    this.#reject(cause);
  }
}

const switchingStatus = 101;

function ignore(): void {}
