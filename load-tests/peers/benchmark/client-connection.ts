import type { Socket } from "node:net";
import type { SliceOrder } from "./slice.ts";

import { connect } from "node:net";

import { AnswerReader } from "./answer-reader.ts";

export interface ClientListener {
  /** An answer is whole. Asks again by `ask`, or leaves the connection idle. */
  readonly answered: (connection: ClientConnection, latencyMs: number) => void;
  /** An event of a stream arrived; NaN where its delay is not known. */
  readonly event: (delayMs: number) => void;
  /** The connection is closed; `isBusy` tells whether a request was under way. */
  readonly failed: (connection: ClientConnection, message: string) => void;
}

/** One keep-alive connection of a closed loop: at most one request is under way. It may be asked before it stands. */
export class ClientConnection implements Disposable {
  readonly #listener: ClientListener;
  readonly #request: Buffer;
  readonly #reader: AnswerReader;
  readonly #socket: Socket;
  #askedAtMs = 0;
  #isBusy = false;
  #isOver = false;

  constructor({ port, expected }: SliceOrder, request: Buffer, listener: ClientListener) {
    this.#request = request;
    this.#listener = listener;
    this.#reader = new AnswerReader(expected, (writtenAt) => listener.event(delayMsOf(writtenAt)));
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("error", (error) => this.#fail(error.message));
    this.#socket.on("close", () => this.#fail("the proxy closed the connection"));
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  ask(): void {
    this.#isBusy = true;
    this.#askedAtMs = performance.now();
    this.#socket.write(this.#request);
  }

  #read(bytes: Buffer): void {
    try {
      if (!this.#reader.read(bytes)) return;
    } catch (error) {
      this.#fail((error as Error).message);
      return;
    }
    this.#isBusy = false;
    this.#listener.answered(this, performance.now() - this.#askedAtMs);
  }

  #fail(message: string): void {
    if (this.#isOver) return;
    this[Symbol.dispose]();
    this.#listener.failed(this, message);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#socket.destroy();
  }
}

function delayMsOf(writtenAtMicroseconds: number): number {
  return (Number(process.hrtime.bigint() / 1000n) - writtenAtMicroseconds) / 1000;
}
