import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Exchange } from "./exchange.ts";

import { Failure } from "./failures/failure.ts";

/** A request whose head is there, and what its exchange begins with. */
export interface Arrival {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The client waits for 100 (Continue). */
  readonly owesContinue?: boolean;
  readonly isLast?: boolean;
  readonly upgradeHead?: Buffer;
  /** It made no request, or broke while it waited for its turn. */
  failure?: Failure;
}

/** Pipelined requests that wait at once. What comes behind them is not taken, and the last of them is answered with close. */
const maxWaiting = 256;

/** Requests that come behind those. The parser makes objects of all it is given: a flood of them is cut off. */
const maxIgnored = 256;

/**
 * How long after a client's FIN it is asked whether it still listens. The first question meets a closed socket, the
 * next one finds that out: 25 ms later where the client is near, later where its reset takes longer. Milliseconds.
 */
const questionsAtMs = [0, 25, 250, 1000];

/**
 * What one client connection carries: one exchange at a time, requests pipelined behind it in line. RFC 9112 §9.3.2 lets
 * only safe methods overlap; and the answer to one request may end the connection, or find that its framing cannot be
 * trusted: then the bytes behind it must never have become a request upstream.
 */
export class Line {
  readonly #socket: Socket;
  readonly #waiting: Arrival[] = [];
  #current: Exchange | undefined;
  /** Nothing more is taken: what is in line is answered, then the connection ends. */
  #isClosed = false;
  #requests = 0;
  #ignored = 0;
  /** Bytes received when the latest answer was out: more by now is a request on its way. */
  #restedAt = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Neither an exchange nor a request is here. */
  get isFree(): boolean {
    return this.#current === undefined;
  }

  /** Whether a request waits for its answer, or has begun to arrive. */
  get isBusy(): boolean {
    return this.#current !== undefined || this.#socket.bytesRead !== this.#restedAt;
  }

  /** Grows with each head that comes, and with each message that has come whole. */
  get arrivals(): number {
    const last = this.#waiting.at(-1)?.req ?? this.#current?.req;
    return 2 * this.#requests - (last?.complete === false ? 1 : 0);
  }

  /** True where it is the request's turn; false where it waits, or comes too late to be answered. */
  enter(arrival: Arrival, maxRequests: number): boolean {
    if (this.#isClosed || !this.#socket.writable) return this.#ignore();
    // Node's parser drops what comes in one packet with a request for an upgrade that it does not get, and takes the next
    // packet for the beginning of a request: behind such a request nothing can be trusted to be one.
    this.#isClosed = ++this.#requests >= maxRequests || arrival.req.headers.upgrade !== undefined;
    if (this.#current === undefined) return true;
    if (this.#waiting.push(arrival) >= maxWaiting) this.#isClosed = true;
    return false;
  }

  #ignore(): false {
    this.#socket.pause();
    if (++this.#ignored > maxIgnored) this.#socket.destroy();
    return false;
  }

  /** Takes the exchange whose turn it is, with what it begins with; it is cancelled when the client leaves. */
  carry(exchange: Exchange, { owesContinue = false, isLast = false, upgradeHead, failure }: Arrival): void {
    this.#current = exchange;
    exchange.owesContinue = owesContinue;
    exchange.isLast = isLast || (this.#isClosed && this.#waiting.length === 0);
    exchange.upgradeHead = upgradeHead;
    exchange.failure = failure;
    const { res } = exchange;
    // Not 'aborted' nor the request's own 'close': those come late, or for whole requests too.
    res.on("close", () => {
      if (!res.writableFinished) exchange.cancel(new Failure("client_closed"));
    });
  }

  /** The exchange is over. Returns the request whose turn it is now; the connection's last answer may have been given. */
  leave(): Arrival | undefined {
    this.#current = undefined;
    const next = this.#socket.writable ? this.#waiting.shift() : undefined;
    if (next === undefined) this.#restedAt = this.#socket.bytesRead;
    return next;
  }

  /** What came last turned out to be broken. False where nobody has been asked anything: then that is all there was. */
  breakOff(failure: Failure): boolean {
    const current = this.#current;
    if (current === undefined) return this.#isClosed || !this.#socket.writable;
    this.#isClosed = true;
    const last = this.#waiting.at(-1);
    // A whole request is answered before the connection ends; what follows it is not worth an answer.
    if (last !== undefined && !last.req.complete) last.failure = failure;
    if (last !== undefined) return true;
    current.isLast = true;
    if (!current.req.complete) current.cancel(failure);
    return true;
  }

  /**
   * Node's server has taken its listeners off the socket, for a CONNECT behind requests that wait for their answers.
   * Those are given; what the client goes on sending is thrown away.
   */
  letGo(failure: Failure): void {
    this.breakOff(failure);
    this.#socket.on("drain", () => this.#current?.res.emit("drain"));
    this.#socket.resume();
  }

  /**
   * The client has sent FIN: it has said all and listens, or it is gone, and only an answer would tell. So that nobody
   * works for nobody, one is asked for: a 100 (Continue), which means nothing to who did not wait for it and which every
   * HTTP/1.1 client reads past (RFC 9110 §15.2).
   */
  halfClosed(): void {
    const exchange = this.#current;
    const last = this.#waiting.at(-1) ?? exchange;
    // Node's parser sees this, too, but not of every request (one with Upgrade and a length, say).
    if (last?.req.complete === false) this.breakOff(new Failure("malformed_request", { close: true }));
    if (exchange === undefined || exchange.req.httpVersionMinor === 0) return;
    const ask = (): void => {
      if (this.#current === exchange && !exchange.res.headersSent) exchange.res.writeContinue();
    };
    for (const delayMs of questionsAtMs) exchange.clock.setTimeout(ask, delayMs, undefined);
  }
}

const lines = new WeakMap<Socket, Line>();

/** The line of a client's socket. */
export function lineOf(socket: Socket): Line {
  let line = lines.get(socket);
  if (line === undefined) lines.set(socket, (line = new Line(socket)));
  return line;
}
