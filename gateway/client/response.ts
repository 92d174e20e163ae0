import type { Socket } from "node:net";

import type { ResponseWriter, WriteObserver } from "../exchange/downstream.ts";
import type { ResponseBuffers } from "./response-buffers.ts";

import { chunkHead, lastChunk } from "../http1/chunked.ts";
import { writeInterimHead, writeResponseHead } from "../http1/write-head.ts";
import { reset, takenBytes } from "./system-socket.ts";
import { dateField, hasField, promisedLength } from "./framing-fields.ts";

/** The connection, as a response sees it. */
export interface ResponseConnection {
  readonly socket: Socket;
  readonly host: {
    readonly buffers: ResponseBuffers;
    /** The head's last fields on a connection that goes on. */
    readonly settings: { readonly keepAliveTail: string };
  };
}

/** The request that is answered. */
export interface AnsweredRequest {
  readonly head: { readonly method: string; readonly minorVersion: 0 | 1 };
  /** Whether it asks for a connection that goes on, and nothing of it hinders that. */
  readonly mayPersist: boolean;
}

/** How the end of the body is marked, where no length is promised (≥ 0). */
const chunkedBody = -1;
const untilClose = -2;

const closeTail = "connection: close\r\n\r\n";
const chunkedField = "transfer-encoding: chunked\r\n";

/** Writes one HTTP/1.1 response: the head together with the first of the body, one write for a small message. */
export class ClientResponse implements ResponseWriter {
  readonly #connection: ResponseConnection;
  readonly #request: AnsweredRequest;
  /** The head, until it has been written. */
  #head = "";
  /** Bytes of the body still to come where a length was promised, else how its end is marked. */
  #left = 0;
  #hasBody = true;
  #observer: WriteObserver | undefined;
  #isAwaitingFlush = false;
  /** Of the process's budget for responses that clients have not taken. */
  #chargedBytes = 0;
  status = 0;
  isBegun = false;
  isEnded = false;
  /** The response has ended and the system has taken every byte of it. */
  isFinished = false;
  /** The head has been handed to the socket. */
  isHeadOut = false;
  /** The connection ends after this response. */
  closes = false;

  constructor(connection: ResponseConnection, request: AnsweredRequest) {
    this.#connection = connection;
    this.#request = request;
  }

  get isGone(): boolean {
    return this.#connection.socket.destroyed;
  }

  get pendingBytes(): number {
    return this.#connection.socket.writableLength;
  }

  get takenBytes(): number {
    return takenBytes(this.#connection.socket);
  }

  begin(status: number, fields: readonly string[], isLast: boolean): void {
    const { method, minorVersion } = this.#request.head;
    const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
    const length = promisedLength(fields);
    // An HTTP/1.0 client takes the end of the connection for the end of the body (RFC 9112 §6.3).
    const left = hasBody ? (length ?? (minorVersion === 1 ? chunkedBody : untilClose)) : 0;
    const closes = isLast || left === untilClose || !this.#request.mayPersist;
    const tail = closes ? closeTail : this.#connection.host.settings.keepAliveTail;
    const date = hasField(fields, "date") ? "" : dateField();
    const head = writeResponseHead(status, fields, (left === chunkedBody ? chunkedField : "") + date + tail);
    this.#head = head;
    this.#left = left;
    this.#hasBody = hasBody;
    this.closes = closes;
    this.status = status;
    this.isBegun = true;
  }

  flush(): void {
    if (this.isHeadOut || this.isGone) return;
    this.isHeadOut = true;
    this.#connection.socket.write(this.#head, "latin1");
    this.#wrote();
  }

  write(chunk: Buffer): boolean {
    if (!this.#hasBody || this.isGone || chunk.length === 0) return true;
    const { socket } = this.#connection;
    this.#count(chunk.length);
    socket.cork();
    if (!this.isHeadOut) {
      this.isHeadOut = true;
      socket.write(this.#head, "latin1");
    }
    if (this.#left === chunkedBody) {
      socket.write(chunkHead(chunk.length), "latin1");
      socket.write(chunk);
      socket.write("\r\n", "latin1");
    } else {
      socket.write(chunk);
    }
    socket.uncork();
    return this.#wrote();
  }

  end(last?: Buffer | string): boolean {
    if (this.isEnded || this.isGone) {
      this.isEnded = true;
      return true;
    }
    this.isEnded = true;
    if (last === undefined || last.length === 0 || !this.#hasBody) this.#endBare();
    else if (typeof last === "string" || last.length <= oneWriteBytes) this.#endWith(last);
    else {
      this.write(last);
      this.#endBare();
    }
    this.#wrote();
    this.isFinished = this.pendingBytes === 0;
    return this.#connection.host.buffers.isLittle(this.pendingBytes);
  }

  onceFlushed(observer: WriteObserver): void {
    this.#observer = observer;
    if (this.isGone) return this.closed();
    if (this.pendingBytes > 0) return this.#awaitFlush();
    this.isFinished = this.isEnded;
    this.#observer = undefined;
    observer.flushed();
  }

  interim(status: number, fields: readonly string[]): void {
    if (this.isBegun || this.isGone || this.#request.head.minorVersion === 0) return;
    // A client that takes nothing is sent no more of them, but the 100 that it waits for is.
    if (status !== 100 && this.pendingBytes > maxInterimPendingBytes) return;
    this.#connection.socket.write(writeInterimHead(status, fields), "latin1");
  }

  /** To an HTTP/1.0 client only a reset tells that a body which may end with the connection is not complete. */
  abort(): void {
    const { socket } = this.#connection;
    // A response that breaks off has begun: an end without a byte would look like no response at all.
    if (this.isBegun) this.flush();
    if (this.#request.head.minorVersion === 0 && this.isHeadOut) reset(socket);
    else socket.destroy();
  }

  /** The connection has ended. */
  closed(): void {
    this.#charge(0);
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.gone();
  }

  #endBare(): void {
    const tail = this.#left === chunkedBody ? lastChunk : "";
    this.#checkLength();
    const text = this.isHeadOut ? tail : this.#head + tail;
    this.isHeadOut = true;
    if (text !== "") this.#connection.socket.write(text, "latin1");
  }

  /** Head, body and end as one string are one write; latin1 keeps every byte as it is. */
  #endWith(last: Buffer | string): void {
    const body = typeof last === "string" ? last : last.toString("latin1");
    this.#count(body.length);
    this.#checkLength();
    const framed = this.#left === chunkedBody ? `${chunkHead(body.length)}${body}\r\n${lastChunk}` : body;
    const text = this.isHeadOut ? framed : this.#head + framed;
    this.isHeadOut = true;
    this.#connection.socket.write(text, "latin1");
  }

  #count(bytes: number): void {
    if (this.#left < 0) return;
    this.#left -= bytes;
    // A longer body than was promised would be read as the next response.
    if (this.#left < 0) throw new RangeError("a response's body is longer than its Content-Length");
  }

  #checkLength(): void {
    if (this.#left > 0) throw new RangeError("a response's body is shorter than its Content-Length");
  }

  /** Whether the next piece may be written now. */
  #wrote(): boolean {
    const pending = this.pendingBytes;
    if (pending === 0) {
      this.#charge(0);
      return true;
    }
    return this.#charge(pending);
  }

  /** Bytes that wait for the client are charged to the process's budget. */
  #charge(bytes: number): boolean {
    if (bytes === 0 && this.#chargedBytes === 0) return true;
    const { buffers } = this.#connection.host;
    const mayGoOn = buffers.charge(bytes - this.#chargedBytes, bytes);
    this.#chargedBytes = bytes;
    return mayGoOn;
  }

  #awaitFlush(): void {
    if (this.#isAwaitingFlush) return;
    this.#isAwaitingFlush = true;
    // The callback of an empty write comes when everything before it has been taken.
    this.#connection.socket.write(nothing, (error) => this.#flushed(error));
  }

  #flushed(error: Error | null | undefined): void {
    this.#isAwaitingFlush = false;
    // A socket that can be written to no more is about to end.
    if (this.isGone || (error !== null && error !== undefined)) return;
    this.#wrote();
    if (this.pendingBytes > 0) return this.#observer === undefined ? undefined : this.#awaitFlush();
    this.isFinished = this.isEnded;
    const observer = this.#observer;
    this.#observer = undefined;
    observer?.flushed();
  }
}

/** Bodies up to this are cheaper copied into the head's write than written on their own (measured). Bytes. */
const oneWriteBytes = 16_384;

/** Bytes that may wait for the client when a further interim response is sent. */
const maxInterimPendingBytes = 16_384;

const nothing = Buffer.alloc(0);
