import type { Socket } from "node:net";

import type { BodyConsumer, Exchange } from "../exchange/exchange.ts";

import { Failure } from "../failures/failure.ts";
import { chunkHead, lastChunk } from "../http1/chunked.ts";

/** Hears whom a streamed body waits for. */
export interface BodyObserver {
  /** The upstream takes no more for now. */
  upstreamIsFull(): void;
  /** The upstream takes bytes; the client's are awaited. */
  clientIsAwaited(): void;
  /** The last byte of the request has been handed to the socket. */
  requestSent(): void;
}

export interface StreamedBodyOptions {
  readonly exchange: Exchange;
  readonly socket: Socket;
  readonly maxBytes: number;
  readonly observer: BodyObserver;
}

/** A request body on its way from the client's connection to the upstream's, as it comes, under back-pressure. */
export class StreamedBody implements BodyConsumer {
  readonly #exchange: Exchange;
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #observer: BodyObserver;
  readonly #isChunked: boolean;
  #isStopped = false;
  /** The upstream takes no more for now. */
  #isBlocked = false;
  #hasBegun = false;

  constructor({ exchange, socket, maxBytes, observer }: StreamedBodyOptions) {
    this.#exchange = exchange;
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#observer = observer;
    this.#isChunked = exchange.request.length === null;
  }

  /** Sends what has been read of the body, then what comes. */
  start(): void {
    const exchange = this.#exchange;
    const { body } = exchange;
    if (body.kind !== "stream") return;
    this.#observer.clientIsAwaited();
    if (body.begun.length > 0) this.#write(body.begun);
    // Sent once, it cannot be sent again.
    exchange.releaseBody();
    if (!this.#isBlocked) this.#read();
  }

  #read(): void {
    if (this.#hasBegun) return this.#exchange.request.resume();
    this.#hasBegun = true;
    this.#exchange.request.read(this);
  }

  /** Nothing more is read of the client and nothing written. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#socket.off("drain", this.#onDrain);
    this.#exchange.request.stop();
  }

  data(chunk: Buffer): void {
    const exchange = this.#exchange;
    exchange.bytesIn += chunk.length;
    exchange.uploadTimer.received(chunk.length);
    exchange.pace.progress(chunk.length);
    if (exchange.bytesIn > this.#maxBytes) exchange.cancel(new Failure("body_too_large", { close: true }));
    else this.#write(chunk);
  }

  end(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#socket.off("drain", this.#onDrain);
    if (this.#isChunked) this.#socket.write(lastChunk, "latin1");
    this.#observer.requestSent();
  }

  #write(chunk: Buffer): void {
    const socket = this.#socket;
    if (this.#isChunked) {
      socket.cork();
      socket.write(chunkHead(chunk.length), "latin1");
      socket.write(chunk);
      socket.write("\r\n", "latin1");
      socket.uncork();
    } else {
      socket.write(chunk);
    }
    if (!socket.writableNeedDrain || this.#isBlocked) return;
    this.#isBlocked = true;
    this.#exchange.request.pause();
    this.#observer.upstreamIsFull();
    socket.once("drain", this.#onDrain);
  }

  readonly #onDrain = (): void => {
    this.#isBlocked = false;
    this.#observer.clientIsAwaited();
    this.#read();
  };
}
