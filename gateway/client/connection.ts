import type { Socket } from "node:net";

import type { Takeover } from "../exchange/downstream.ts";
import type { ConnectionHost } from "./connection-host.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { ReadHead } from "./intake.ts";
import type { Pipelining } from "./pipelined.ts";
import type { Peer, RequestConnection } from "./request.ts";
import type { WaitName } from "./waits.ts";

import { Failure } from "../failures/failure.ts";
import { guarded } from "../exchange/guarded.ts";
import { ownedAlone, ReadBuffer } from "../http1/read-buffer.ts";
import { plainAddress } from "./client-address.ts";
import { enter } from "./connection-state.ts";
import { Intake } from "./intake.ts";
import { Linger } from "./linger.ts";
import { ReadLimit } from "./read-limit.ts";
import { readInto } from "./system-socket.ts";
import { ClientRequest } from "./request.ts";
import { Waiting } from "./waits.ts";
import { incompleteMessage, noHead } from "./wire-failure.ts";

/**
 * One client connection, the only owner of its socket: reads requests one at a time, hands each to the gateway, and
 * writes the responses in order. Bytes behind a request that is being served are read on but not parsed, so that FIN and
 * reset are seen, and no pipelined request exists before its turn (RFC 9112 §9.3.2).
 */
export class ClientConnection extends Waiting implements RequestConnection, Pipelining {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly host: ConnectionHost;
  readonly #intake: Intake;
  #state: ConnectionState = "idle";
  #request: ClientRequest | undefined;
  #requests = 0;
  #isHalfClosed = false;
  #isAdvancing = false;
  /** What has arrived next was pipelined. */
  #isBehind = false;
  /** A pipelined request that begins when PipelinedRequests says so. */
  #behind: ReadHead | undefined;
  readonly #readLimit: ReadLimit;
  #linger: Linger | undefined;

  constructor(socket: Socket, host: ConnectionHost) {
    super();
    this.socket = socket;
    this.host = host;
    this.peer = { remoteAddress: plainAddress(socket.remoteAddress ?? ""), isSecure: "encrypted" in socket };
    this.#intake = new Intake(host.settings.maxHeaderSize);
    this.#readLimit = new ReadLimit(this, this.#intake, host);
    if (!readInto(socket, this.#buffer.onread)) socket.on("data", this.#onData);
    socket.on("error", () => {});
    socket.on("end", this.#onEnd).on("close", this.#onClose);
    host.waits.begin(this, "head");
  }

  closeIdle(): void {
    if (this.#state === "idle" || this.#state === "lingering") this.socket.destroy();
  }

  /** Every event of the socket is guarded: an exception ends this connection and nothing else. */
  readonly #fault = (error: unknown): void => {
    const request = this.#request;
    if (request === undefined || request.response.isFinished) this.host.report(error);
    else request.cancel(new Failure("internal", { cause: error }));
    this.socket.destroy();
  };

  readonly #onData = guarded((chunk: Buffer): void => {
    if (this.#linger !== undefined) return this.#linger.drop(this);
    if (this.#readLimit.isDropping) return;
    this.#readLimit.read(this.#state === "idle" || this.#state === "head" ? chunk : ownedAlone(chunk));
    this.#advance();
  }, this.#fault);

  // A tunnel is a stream.
  readonly #buffer = new ReadBuffer((chunk) =>
    this.#state === "tunnel" ? this.socket.push(ownedAlone(chunk)) : this.#onData(chunk),
  );

  readonly #onEnd = guarded((): void => this.#halfClosed(), this.#fault);
  readonly bodyWanted = guarded((): void => this.#advance(), this.#fault);
  readonly cancel = guarded((reason: Error): void => this.#request?.cancel(reason), this.#fault);

  readonly #onClose = guarded((): void => {
    const request = this.#request;
    const isUnfinished = request?.response.isFinished === false && this.#state !== "tunnel";
    this.#state = enter(this.#state, "closed");
    this.host.waits.end(this);
    this.#readLimit.release();
    this.#buffer.close();
    if (isUnfinished) request?.cancel(new Failure("client_closed"));
    request?.response.closed();
  }, this.#fault);

  readonly overdue = guarded((wait: WaitName): void => {
    if (wait === "overfull" && this.#readLimit.waitsOn(this.#state === "body")) return;
    // Where not one byte of a request came, nobody is there to read an answer.
    if (wait !== "head" || !this.#intake.hasHead) return void this.socket.destroy();
    this.#refuse(new Failure("client_timeout"));
  }, this.#fault);

  /** Parses what has arrived as far as it may be. A response that is complete at once continues the loop, not the stack. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#step());
    } finally {
      this.#isAdvancing = false;
    }
    if (this.#state === "closed" || this.#state === "tunnel") return;
    this.#readLimit.apply(this.#state === "body");
    if (this.#readLimit.isDropping && this.#request !== undefined) this.#request.isLast = true;
  }

  #step(): boolean {
    if (this.#behind !== undefined) return false;
    switch (this.#state) {
      case "idle":
        if (this.#intake.bytes !== undefined) this.#state = enter(this.#state, "head");
        else if (this.#isHalfClosed) this.socket.destroySoon();
        return this.#intake.bytes !== undefined;
      case "head":
        return this.#intake.bytes !== undefined && this.#readHead();
      case "body":
        return this.#readBody(this.#request as ClientRequest);
      default:
        return false;
    }
  }

  #readHead(): boolean {
    const { waits, pipelined, settings } = this.host;
    const read = this.#intake.readHead(settings.maxHeaderSize);
    if (read === undefined) {
      if (this.#isHalfClosed) this.#halfClosed();
      else if (this.waitList?.name !== "head") waits.begin(this, "head");
      return false;
    }
    if (read.failure !== undefined) return this.#refuse(read.failure, read.head);
    if (!this.#isBehind && !this.#intake.hasMoreThan(read.framing)) return this.#begin(read);
    this.#behind = read;
    waits.end(this);
    pipelined.add(this);
    return false;
  }

  /** Begins a pipelined request: its turn has come. */
  readonly proceed = guarded((): void => {
    const read = this.#behind;
    this.#behind = undefined;
    if (read !== undefined) this.#begin(read);
    this.#advance();
  }, this.#fault);

  /** Nothing behind bytes that make no request can be trusted to be one. */
  #refuse(failure: Failure, head = noHead): false {
    this.#intake.clear();
    if (this.#state === "idle") this.#state = enter(this.#state, "head");
    this.#begin({ head, framing: 0, failure });
    return false;
  }

  #begin(read: ReadHead): true {
    this.host.waits.end(this);
    const isLast = ++this.#requests >= this.host.settings.maxRequestsPerSocket || this.#readLimit.isDropping;
    const request = new ClientRequest(this, { ...read, isLast: isLast || read.failure !== undefined });
    this.#request = request;
    this.#state = enter(this.#state, request.isComplete ? "responding" : "body");
    this.host.handler.handle(request);
    return true;
  }

  #readBody(request: ClientRequest): boolean {
    if (!request.isWanted) return false;
    if (this.#intake.bytes === undefined) {
      if (this.#isHalfClosed) request.cancel(incompleteMessage());
      return false;
    }
    request.take(this.#intake);
    // The consumer may have ended the connection.
    if (this.#state !== "body") return false;
    if (!request.isComplete) return true;
    if (request.isServed) this.#next();
    else this.#state = enter(this.#state, "responding");
    return true;
  }

  takeArrived(bytes: number): Buffer | undefined {
    const taken = this.#intake.take(bytes);
    if (taken !== undefined) this.#state = enter(this.#state, "responding");
    return taken;
  }

  /** The client has sent FIN, now or before. */
  #halfClosed(): void {
    this.#isHalfClosed = true;
    const request = this.#request;
    if (this.#state === "head" && this.#intake.hasHead) return void this.#refuse(incompleteMessage());
    if (this.#behind !== undefined) return;
    if (request === undefined || request.isServed) return this.socket.destroySoon();
    if (request.response.isEnded) return; // whether the client takes what was written, the socket tells
    if (request.endsWithFin(this.host.settings.halfClose)) return request.cancel(new Failure("client_closed"));
    this.#advance();
  }

  exchangeEnded(request: ClientRequest, isLast: boolean): void {
    if (request !== this.#request || this.socket.destroyed || this.#state === "tunnel") return;
    if (!request.response.isEnded) return void this.socket.destroy();
    if (isLast || request.response.closes || this.#readLimit.isDropping) return this.#finish(request);
    if (request.isComplete) this.#next();
    else {
      this.host.waits.begin(this, "head");
      request.readPast();
    }
    this.#advance();
  }

  #next(): void {
    this.#request = undefined;
    this.#state = enter(this.#state, "idle");
    this.#isBehind = this.#intake.bytes !== undefined;
    this.host.waits.begin(this, "idle");
  }

  /** The last response is out. Where the client may still be sending, it lingers. */
  #finish(request: ClientRequest): void {
    const isRefused = request.failure !== undefined || this.#readLimit.isDropping;
    const isAllRead = request.isComplete && this.#intake.bytes === undefined;
    this.#readLimit.release();
    if (this.#isHalfClosed || (isAllRead && !isRefused)) return this.socket.destroySoon();
    this.#state = enter(this.#state, "lingering");
    this.#linger = new Linger(this, this.host.waits);
  }

  takeOver(request: ClientRequest): Takeover {
    if (this.#isHalfClosed) request.cancel(new Failure("client_closed"));
    return { socket: this.socket, complete: () => this.#leave() };
  }

  #leave(): Buffer {
    this.socket.off("data", this.#onData).off("end", this.#onEnd).pause();
    this.host.waits.end(this);
    this.#state = enter(this.#state, "tunnel");
    return this.#readLimit.leave();
  }
}
