import type { Socket } from "node:net";

import type { Takeover } from "../downstream.ts";
import type { ConnectionHost } from "./connection-host.ts";
import type { ConnectionState } from "./connection-state.ts";
import type { Peer, RequestConnection, RequestParts } from "./request.ts";
import type { Waiting, WaitList, WaitName } from "./waits.ts";

import { Failure } from "../failures/failure.ts";
import { guarded } from "../guarded.ts";
import { plainAddress } from "./client-address.ts";
import { enter } from "./connection-state.ts";
import { Intake } from "./intake.ts";
import { Linger } from "./linger.ts";
import { ReadLimit } from "./read-limit.ts";
import { ClientRequest } from "./request.ts";
import { incompleteMessage, noHead, wireFailure } from "./wire-failure.ts";

/**
 * One client connection, the only owner of its socket: reads requests one at a time, hands each to the gateway, and
 * writes the responses in order. Bytes behind a request that is being served are read on but not parsed, so that FIN and
 * reset are seen, and no pipelined request exists before its turn (RFC 9112 §9.3.2).
 */
export class ClientConnection implements RequestConnection, Waiting {
  readonly socket: Socket;
  readonly peer: Peer;
  readonly host: ConnectionHost;
  readonly #intake: Intake;
  #state: ConnectionState = "idle";
  #request: ClientRequest | undefined;
  #requests = 0;
  #isHalfClosed = false;
  #isAdvancing = false;
  readonly #readLimit: ReadLimit;
  #linger: Linger | undefined;
  waitingSince = 0;
  waitList: WaitList | undefined;
  earlier: Waiting | undefined;
  later: Waiting | undefined;

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket;
    this.host = host;
    this.peer = { remoteAddress: plainAddress(socket.remoteAddress ?? ""), isSecure: "encrypted" in socket };
    this.#intake = new Intake(host.settings.maxHeaderSize);
    this.#readLimit = new ReadLimit(this, host.waits);
    socket.on("data", this.#onData).on("end", this.#onEnd).on("error", ignore).on("close", this.#onClose);
    host.waits.begin(this, "head");
  }

  get isClosed(): boolean {
    return this.#state === "closed";
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
    this.#intake.append(chunk);
    this.#advance();
  }, this.#fault);

  readonly #onEnd = guarded((): void => {
    this.#isHalfClosed = true;
    this.#halfClosed();
  }, this.#fault);

  readonly #onClose = guarded((): void => {
    const request = this.#request;
    const isUnfinished = request?.response.isFinished === false && this.#state !== "tunnel";
    this.#state = enter(this.#state, "closed");
    this.host.waits.end(this);
    this.#intake.clear();
    if (isUnfinished) request?.cancel(new Failure("client_closed"));
    request?.response.closed();
  }, this.#fault);

  readonly overdue = guarded((wait: WaitName): void => {
    // The rest of a body waits for the upstream, whose silence has a timer of its own.
    const isTaking = this.#state === "body" || this.#readLimit.isTaking(this.#takenBytes);
    if (wait === "overfull" && isTaking) return this.#readLimit.wait(this.#takenBytes);
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
    this.#limitArrived();
  }

  #step(): boolean {
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
    const { waits, settings } = this.host;
    const read = this.#intake.readHead(settings.maxHeaderSize);
    if (read === undefined) {
      if (this.#isHalfClosed) this.#halfClosed();
      else if (this.waitList?.name !== "head") waits.begin(this, "head");
      return false;
    }
    if (read.failure !== undefined) return this.#refuse(read.failure, read.head);
    this.#begin({ ...read, isLast: ++this.#requests >= settings.maxRequestsPerSocket });
    return true;
  }

  /** Nothing behind bytes that make no request can be trusted to be one. */
  #refuse(failure: Failure, head = noHead): false {
    this.#intake.clear();
    if (this.#state === "idle") this.#state = enter(this.#state, "head");
    this.#begin({ head, framing: 0, isLast: true, failure });
    return false;
  }

  #begin(parts: RequestParts): void {
    this.host.waits.end(this);
    const request = new ClientRequest(this, parts);
    this.#request = request;
    this.#state = enter(this.#state, request.isComplete ? "responding" : "body");
    this.host.handler.handle(request);
  }

  #readBody(request: ClientRequest): boolean {
    const { bytes: data } = this.#intake;
    if (!request.isWanted) return false;
    if (data === undefined) {
      if (this.#isHalfClosed) request.cancel(incompleteMessage());
      return false;
    }
    const taken = request.feed(data);
    // The consumer may have ended the connection.
    if (this.#state !== "body") return false;
    this.#intake.drop(taken);
    if (request.brokenRule !== undefined) {
      this.#intake.clear();
      request.cancel(wireFailure(request.brokenRule));
      return false;
    }
    if (!request.isComplete) return true;
    if (request.isServed) this.#next();
    else this.#state = enter(this.#state, "responding");
    return true;
  }

  readonly bodyWanted = guarded((): void => this.#advance(), this.#fault);

  takeArrived(bytes: number): Buffer | undefined {
    const taken = this.#intake.take(bytes);
    if (taken !== undefined) this.#state = enter(this.#state, "responding");
    return taken;
  }

  /** Once the response's head is out, nobody reads the rest. Before that, a FIN may mean either (`listen.halfClose`). */
  #halfClosed(): void {
    const request = this.#request;
    if (this.#state === "head" && this.#intake.hasHead) return void this.#refuse(incompleteMessage());
    if (request === undefined || request.isServed) return this.socket.destroySoon();
    const { isHeadOut, isEnded } = request.response;
    if (isEnded) return; // whether the client takes what was written, the socket tells
    if (isHeadOut || request.leavesWithFin || this.host.settings.halfClose === "cancel")
      return request.cancel(new Failure("client_closed"));
    this.#advance();
  }

  /** Of what nobody may read yet only so much is taken from the system. */
  #limitArrived(): void {
    if (this.#state === "closed" || this.#state === "tunnel") return;
    const isOverfull = (this.#intake.bytes?.length ?? 0) > this.host.settings.maxHeaderSize;
    this.#readLimit.apply(isOverfull, this.#takenBytes);
  }

  get #takenBytes(): number {
    return this.#request?.response.takenBytes ?? 0;
  }

  exchangeEnded(request: ClientRequest, isLast: boolean): void {
    if (request !== this.#request || this.socket.destroyed || this.#state === "tunnel") return;
    if (!request.response.isEnded) return void this.socket.destroy();
    if (isLast || request.response.closes) return this.#finish(request);
    if (request.isComplete) this.#next();
    else {
      this.host.waits.begin(this, "head");
      request.read(readPast);
    }
    this.#advance();
  }

  #next(): void {
    this.#request = undefined;
    this.#state = enter(this.#state, "idle");
    this.host.waits.begin(this, "idle");
  }

  /** The last response is out. Where the client may still be sending, it lingers. */
  #finish(request: ClientRequest): void {
    const isAllRead = request.isComplete && this.#intake.bytes === undefined && request.failure === undefined;
    this.#intake.clear();
    if (this.#isHalfClosed || isAllRead) return this.socket.destroySoon();
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
    const head = this.#intake.bytes ?? Buffer.alloc(0);
    this.#intake.clear();
    return head;
  }
}

function ignore(): void {}

const readPast = { data: ignore, end: ignore };
