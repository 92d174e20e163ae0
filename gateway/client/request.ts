import type { BodyConsumer, RequestStream, Takeover } from "../exchange/downstream.ts";
import type { Failure } from "../failures/failure.ts";
import type { RequestHead } from "../http1/request-head.ts";
import type { Intake } from "./intake.ts";
import type { ResponseConnection } from "./response.ts";

import { ChunkedDecoder } from "../http1/chunked.ts";
import { Known } from "../http1/fields.ts";
import { chunked, isPersistent } from "../http1/framing.ts";
import { ClientResponse } from "./response.ts";
import { wireFailure } from "./wire-failure.ts";

/** Who sent it, as the socket tells it. */
export interface Peer {
  readonly remoteAddress: string;
  readonly isSecure: boolean;
}

/** The connection, as a request sees it. */
export interface RequestConnection extends ResponseConnection {
  readonly peer: Peer;
  /** Takes the first `bytes` of what has arrived behind the head; undefined where fewer have. */
  takeArrived(bytes: number): Buffer | undefined;
  /** The consumer wants what has arrived, or the body is to be read past. */
  bodyWanted(): void;
  takeOver(request: ClientRequest): Takeover;
  exchangeEnded(request: ClientRequest, isLast: boolean): void;
}

/** What hears that the client has left, or that its request turned out to be malformed: the request's exchange. */
export interface RequestOwner {
  cancel(reason: Error): void;
}

/** What a request is known to be when its exchange begins. */
export interface RequestParts {
  readonly head: RequestHead;
  /** Length of the body, or `chunked`. */
  readonly framing: number;
  /** What is wrong with it: it is refused unserved. */
  readonly failure?: Failure | undefined;
  /** The connection ends after its response. */
  readonly isLast: boolean;
}

/** An unread body up to this is read past after the response, and the connection goes on. Bytes. */
const readPastBytes = 65_536;

/** One request on a client connection: its head, its body as it comes, and the response to it. */
export class ClientRequest implements RequestStream {
  readonly head: RequestHead;
  readonly failure: Failure | undefined;
  isLast: boolean;
  readonly response: ClientResponse;
  readonly length: number | null;
  readonly #connection: RequestConnection;
  readonly #decoder: ChunkedDecoder | undefined;
  #left: number;
  #consumer: BodyConsumer | undefined;
  #isPaused = false;
  #owner: RequestOwner | undefined;
  owesContinue: boolean;
  isComplete: boolean;
  /** Something of the body has been handed over. */
  hasBegun = false;
  /** A FIN means that the client has left, whatever the settings: half a connection makes no tunnel. */
  leavesWithFin = false;
  /** Its exchange is over. */
  isServed = false;

  constructor(connection: RequestConnection, { head, framing, failure, isLast }: RequestParts) {
    const isChunked = framing === chunked;
    this.#connection = connection;
    this.head = head;
    this.failure = failure;
    this.isLast = isLast;
    this.length = isChunked ? null : framing;
    this.#decoder = isChunked ? new ChunkedDecoder() : undefined;
    this.#left = isChunked ? Infinity : framing;
    this.isComplete = framing === 0;
    this.owesContinue = !this.isComplete && head.minorVersion === 1 && asksToContinue(head);
    this.response = new ClientResponse(connection, this);
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  /** Whether the connection may go on after the response. A body of which part was read, or much is left, forbids it. */
  get mayPersist(): boolean {
    if (this.isLast || !isPersistent(this.head.minorVersion, this.head.fields)) return false;
    if (this.isComplete) return true;
    // A client that has said Expect may or may not send the body after a final response (RFC 9110 §10.1.1).
    const maySkip = this.head.fields.has(Known.expect);
    return !maySkip && !this.hasBegun && this.length !== null && this.length <= readPastBytes;
  }

  /** The consumer takes what comes now. */
  get isWanted(): boolean {
    return this.#consumer !== undefined && !this.#isPaused;
  }

  /** Once the response's head is out, nobody reads the rest. Before that, a FIN may mean either (`listen.halfClose`). */
  endsWithFin(halfClose: "serve" | "cancel"): boolean {
    return this.response.isHeadOut || this.leavesWithFin || halfClose === "cancel";
  }

  /** Names who hears how the request ends from outside. */
  carry(owner: RequestOwner): void {
    this.#owner = owner;
  }

  /** The client has left, or what it sends is malformed. */
  cancel(reason: Error): void {
    this.#owner?.cancel(reason);
  }

  /** The exchange is over. */
  exchangeEnded(isLast: boolean): void {
    this.#owner = undefined;
    this.isServed = true;
    this.stop();
    this.#connection.exchangeEnded(this, isLast);
  }

  takeOver(): Takeover {
    this.leavesWithFin = true;
    return this.#connection.takeOver(this);
  }

  sendContinue(): void {
    if (!this.owesContinue) return;
    this.owesContinue = false;
    this.response.interim(100, []);
  }

  takeWhole(): Buffer | undefined {
    if (this.isComplete || this.hasBegun || this.length === null) return undefined;
    const whole = this.#connection.takeArrived(this.length);
    if (whole === undefined) return undefined;
    this.#left = 0;
    this.owesContinue = false;
    this.isComplete = this.hasBegun = true;
    return whole;
  }

  read(consumer: BodyConsumer): void {
    this.#consumer = consumer;
    this.#isPaused = false;
    this.#connection.bodyWanted();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#connection.bodyWanted();
  }

  stop(): void {
    this.#consumer = undefined;
  }

  /** Reads the rest of the body and drops it. */
  readPast(): void {
    this.read(nobody);
  }

  /** Hands what has arrived to the consumer. What breaks RFC 9112 ends the request, and nothing behind it is trusted. */
  take(intake: Intake): void {
    const { bytes } = intake;
    if (bytes === undefined) return;
    const decoder = this.#decoder;
    if (decoder === undefined) return intake.drop(this.#feedLength(bytes));
    const next = this.#feedChunked(bytes, decoder);
    if (next >= 0) return intake.drop(next);
    intake.clear();
    this.stop();
    this.cancel(wireFailure(decoder.rule));
  }

  #feedLength(data: Buffer): number {
    const taken = Math.min(this.#left, data.length);
    this.#left -= taken;
    this.isComplete = this.#left === 0;
    this.hasBegun = true;
    const consumer = this.#consumer;
    consumer?.data(taken === data.length ? data : data.subarray(0, taken));
    if (this.isComplete) this.#end();
    return taken;
  }

  #feedChunked(data: Buffer, decoder: ChunkedDecoder): number {
    this.hasBegun = true;
    const next = decoder.read(data, 0);
    if (next < 0) return next;
    this.isComplete = decoder.isEnded;
    if (decoder.data !== undefined) this.#consumer?.data(decoder.data);
    if (this.isComplete) this.#end();
    return next;
  }

  #end(): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.end();
  }
}

function asksToContinue({ fields }: RequestHead): boolean {
  return fields.has(Known.expect) && fields.get("expect")?.toLowerCase() === "100-continue";
}

const nobody: BodyConsumer = { data: () => {}, end: () => {} };
