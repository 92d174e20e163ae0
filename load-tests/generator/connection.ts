import type { Socket } from "node:net";

import { connect } from "node:net";

import { ResponseParser } from "./response-parser.ts";

/** What is told of connections to whoever asks on them. */
export interface Listener<T> {
  /** The answer in `parser` is whole. */
  answered(connection: Connection<T>): void;
  /** It is closed; what was asked on it, if anything, has no whole answer. */
  closed(connection: Connection<T>): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Read into by all connections: a socket's bytes are parsed before the next one's are read. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** A kept-alive connection with one request under way at most. `T` is what the asker needs to know of the request. */
export class Connection<T> {
  readonly parser = new ResponseParser();
  /** What is under way. */
  call: T | undefined;
  /** Until either side has closed. */
  isOpen = true;
  idleSinceMs = 0;
  /** Of the error that ended it. */
  errorCode: string | undefined;
  /** The place of its port in the plan. */
  readonly place: number;
  readonly #socket: Socket;

  constructor(address: Address, place: number, listener: Listener<T>) {
    this.place = place;
    const onRead = (count: number): boolean => {
      this.#read(shared.subarray(0, count), listener);
      return true;
    };
    this.#socket = connect({ ...address, noDelay: true, onread: { buffer: shared, callback: onRead } });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => (this.errorCode = error.code));
    this.#socket.on("end", () => (this.isOpen = false));
    this.#socket.on("close", () => {
      this.isOpen = false;
      listener.closed(this);
    });
  }

  /** Resolves once connected. */
  async connected(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket.once("connect", resolve).once("error", reject);
    await promise;
  }

  ask(call: T, request: Buffer, isHead: boolean): void {
    this.call = call;
    this.parser.begin(isHead);
    this.#socket.write(request);
  }

  /** Nothing more is told of what was asked on it. */
  destroy(): void {
    this.call = undefined;
    this.isOpen = false;
    this.#socket.destroy();
  }

  #read(bytes: Buffer, listener: Listener<T>): void {
    // Bytes that nobody asked for.
    if (this.call === undefined) {
      this.destroy();
      return;
    }
    const state = this.parser.feed(bytes);
    if (state === "whole") listener.answered(this);
    // What was asked is kept: the socket's closing tells of it.
    else if (state === "broken") this.#socket.destroy();
  }
}
