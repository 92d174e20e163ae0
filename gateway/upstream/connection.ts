import type { Socket } from "node:net";

import type { Attempt, Exchange, UpstreamAnswer } from "../exchange/exchange.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { WireRule } from "../http1/rules.ts";
import type { CallConnection, Carried, OutgoingRequest, TransportOptions } from "./carrier.ts";
import type { ConnectPhase } from "./connect.ts";
import type { ResponseConsumer } from "./response-reader.ts";

import { ConnectionLost, Failure } from "../failures/failure.ts";
import { guarded } from "../exchange/guarded.ts";
import { ReadBuffer } from "../http1/read-buffer.ts";
import { isPersistent } from "../http1/framing.ts";
import { Call } from "./call.ts";
import { openConnection } from "./connect.ts";
import { promisedKeepAliveMs } from "./headers.ts";
import { StreamedBody } from "./request-body.ts";
import { writeRequest } from "./request-writer.ts";
import { maxResponseHeaderBytes, ResponseReader, wireFailure } from "./response-reader.ts";
import { holdWriteErrors } from "./write-errors.ts";

export interface ConnectionOwner {
  free(connection: Connection): void;
  drop(connection: Connection): void;
}

/** One connection to the target, the only owner of its socket, and the one call it carries. */
export class Connection implements CallConnection, ResponseConsumer {
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  readonly #reader = new ResponseReader(maxResponseHeaderBytes);
  #socket: Socket | undefined;
  #isOpen = false;
  #isPaused = false;
  #call: Call | undefined;
  #exchange: Exchange | undefined;
  #attempt: Attempt | undefined;
  #request: OutgoingRequest | undefined;
  #body: StreamedBody | undefined;
  #isRequestSent = false;
  #mayPersist = true;
  #writeError: Error | undefined;
  /** How long it may be idle, in milliseconds: as configured, or less where the upstream says so. */
  keepAliveMs: number;
  served = 0;
  /** While idle: until when, in monotonic milliseconds. Its pool keeps it. */
  idleUntil = 0;
  isClosedByUpstream = false;

  constructor(options: TransportOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
    this.keepAliveMs = options.keepAliveMs;
  }

  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  get isBlocked(): boolean {
    return this.#socket?.writableNeedDrain ?? false;
  }

  /** Where it leads; undefined until it stands. */
  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }

  send(exchange: Exchange, attempt: Attempt, request: OutgoingRequest): Promise<UpstreamAnswer> {
    this.#exchange = exchange;
    this.#attempt = attempt;
    this.#request = request;
    this.#isRequestSent = false;
    const call = new Call({ exchange, attempt, connection: this, request });
    this.#call = call;
    call.begin();
    // An exchange that was cancelled before has given the call up, and this connection with it.
    if (call.state === "over") return call.answer;
    if (this.#isOpen) this.#write();
    else this.#connect();
    return call.answer;
  }

  onceFlushed(call: Carried): void {
    const flushed = guarded(() => call.flushed(), this.#fault);
    this.#socket?.once("drain", flushed);
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket?.resume();
  }

  release(): void {
    // An answer before the whole request leaves the rest of it unsent.
    const mayPersist = this.#mayPersist && this.#isRequestSent && this.#isOpen;
    this.served++;
    this.#forget();
    if (mayPersist) this.#owner.free(this);
    else this.#owner.drop(this);
  }

  abandon(): void {
    if (!this.#isOpen) this.#options.endpoint.addresses?.doubt();
    this.#forget();
    this.#owner.drop(this);
  }

  destroy(): void {
    this.#isOpen = false;
    this.#reader.stop();
    this.#buffer.close();
    this.#socket?.destroy();
  }

  #forget(): void {
    this.#reader.stop();
    this.#body?.stop();
    this.resume();
    this.#call = this.#exchange = this.#attempt = this.#request = this.#body = undefined;
  }

  #connect(): void {
    this.#socket = openConnection(this.#options.endpoint, {
      phase: (phase: ConnectPhase) => {
        if (this.#attempt !== undefined) this.#attempt.phase = phase;
      },
      connected: guarded((socket: Socket) => {
        this.#socket = socket;
        this.#isOpen = true;
        this.#watch(socket);
        this.#write();
      }, this.#fault),
      failed: guarded((error: Error) => this.#call?.fail(error), this.#fault),
      onread: this.#buffer.onread,
    });
  }

  /** An exception is the end of this call as `internal`, and of nothing else. */
  readonly #fault = (cause: unknown): void => {
    this.#call?.fail(new Failure("internal", { cause }));
    this.#owner.drop(this);
  };

  readonly #buffer = new ReadBuffer(guarded((chunk: Buffer) => this.#read(chunk), this.#fault));

  #read(chunk: Buffer): void {
    if (this.#reader.isAwaiting) this.#reader.read(chunk);
    // Nobody asked: whatever it is, it answers no request.
    else if (this.#call === undefined) this.#owner.drop(this);
  }

  #watch(socket: Socket): void {
    const writeFailed = guarded((error: Error) => this.#writeFailed(error), this.#fault);
    holdWriteErrors(socket, writeFailed);
    const ended = guarded(() => this.#ended(), this.#fault);
    const broken = guarded((error: Error) => this.#broken(error), this.#fault);
    const closed = guarded(() => this.#broken(this.#writeError), this.#fault);
    socket.on("end", ended).on("error", broken).on("close", closed);
  }

  /** The upstream's FIN: the end of a body that ends with the connection, of an idle connection, or of our hopes. */
  #ended(): void {
    this.isClosedByUpstream = true;
    this.#isOpen = false;
    if (this.#reader.endsWithConnection()) {
      this.#reader.stop();
      this.#call?.end();
    } else if (this.#call === undefined) this.#owner.drop(this);
    else this.#call.fail(this.#writeError ?? new ConnectionLost("fin"));
  }

  #broken(error: Error | undefined): void {
    this.#isOpen = false;
    if (error !== undefined) this.isClosedByUpstream = true;
    if (this.#call === undefined) this.#owner.drop(this);
    else this.#call.fail(error ?? new ConnectionLost("fin"));
  }

  /**
   * The upstream reads no more. It may have answered before: what has come is read first, and the read side tells the end
   * (RFC 9112 §9.5).
   */
  #writeFailed(error: Error): void {
    this.#writeError = error;
    this.#mayPersist = false;
    this.#body?.stop();
    if (this.#call === undefined) this.#owner.drop(this);
    else this.#call.requestBroken();
  }

  #write(): void {
    const call = this.#call as Call;
    const exchange = this.#exchange as Exchange;
    const request = this.#request as OutgoingRequest;
    const socket = this.#socket as Socket;
    const { body } = exchange;
    const isExpecting = body.kind === "stream" && exchange.request.owesContinue;
    call.started();
    this.#reader.begin(request.method, this);
    // A server that answers HEAD with a body would have it read as the next answer.
    this.#mayPersist = request.method !== "HEAD";
    try {
      writeRequest(socket, request, { body, isExpecting, isLast: !this.#mayPersist });
    } catch (cause) {
      return call.fail(new Failure("internal", { cause }));
    }
    if (body.kind !== "stream") return call.requestSent();
    this.#body = new StreamedBody({ exchange, socket, maxBytes: request.maxBodyBytes, observer: call });
    if (isExpecting) call.awaitContinue();
    else this.sendBody();
  }

  sendBody(): void {
    this.#body?.start();
  }

  requestSent(): void {
    this.#isRequestSent = true;
  }

  interim(head: ResponseHead): void {
    this.#call?.interim(head);
  }

  head(head: ResponseHead, isDelimited: boolean): void {
    if (!isDelimited || !isPersistent(head.minorVersion, head.fields)) this.#mayPersist = false;
    this.keepAliveMs = Math.min(this.#options.keepAliveMs, promisedKeepAliveMs(head.fields));
    this.#call?.head(head);
  }

  data(chunk: Buffer): void {
    this.#call?.data(chunk);
  }

  end(surplus: number): void {
    if (surplus > 0) this.#mayPersist = false;
    this.#call?.end();
  }

  refused(rule: WireRule): void {
    this.#call?.fail(wireFailure(rule, this.#call.state === "answered"));
  }
}
