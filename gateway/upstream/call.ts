import type { Attempt, BodySink, Exchange, UpstreamAnswer, Waiter } from "../exchange.ts";
import type { CallConnection, CallController, OutgoingRequest } from "./carrier.ts";
import type { ParsedHeaders } from "./headers.ts";
import type { StreamObserver } from "./streamed-body.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";
import { readAnswerHead } from "./answer-head.ts";
import { namesHop, responseHeaders } from "./headers.ts";

export interface CallOptions {
  readonly exchange: Exchange;
  readonly attempt: Attempt;
  readonly connection: CallConnection;
  readonly request: Pick<OutgoingRequest, "timeouts" | "interim">;
}

/**
 * One request on its way to one target, from the connection to the last byte of the answer: the handler that the HTTP
 * client drives, the waiter that the exchange cancels, and the answer that relay reads. It keeps the attempt's facts
 * as they happen. It settles exactly once before the response head, and ends exactly once after it.
 */
export class Call implements UpstreamAnswer, Waiter, StreamObserver {
  readonly #exchange: Exchange;
  readonly #attempt: Attempt;
  readonly #connection: CallConnection;
  readonly #request: CallOptions["request"];
  readonly #settled = Promise.withResolvers<UpstreamAnswer>();
  #controller: CallController | undefined;
  #bytesBefore = 0;
  #state: "pending" | "answered" | "over" = "pending";
  #isComplete = false;
  #isPaused = false;
  #isDelimited = false;
  #early: Buffer[] | undefined;
  #brokenBy: unknown;
  #sink: BodySink | undefined;
  status = 0;
  headers: readonly string[] = [];
  proxyStatus: string | undefined;

  constructor({ exchange, attempt, connection, request }: CallOptions) {
    this.#exchange = exchange;
    this.#attempt = attempt;
    this.#connection = connection;
    this.#request = request;
    this.#wait("connect", request.timeouts.connect);
    exchange.await(this);
  }

  /** The answer's head, or what went wrong before it. */
  get answer(): Promise<UpstreamAnswer> {
    return this.#settled.promise;
  }

  // --- driven by the HTTP client -------------------------------------------------------------------------------

  onRequestStart(controller: CallController): void {
    this.#controller = controller;
    if (this.#state === "over") {
      controller.abort(new Failure("client_closed"));
      return;
    }
    const attempt = this.#attempt;
    attempt.reused = this.#connection.served > 0;
    attempt.sent = true;
    attempt.phase = "send";
    this.#bytesBefore = this.#connection.bytesRead;
    this.#connection.begin(this);
    if (!attempt.reused) attempt.connectMs = this.#exchange.clock.now() - attempt.startedAt;
  }

  onRequestSent(): void {
    if (this.#state === "over") return;
    if (this.#connection.isBlocked) {
      this.upstreamIsFull();
      this.#connection.onceFlushed(this);
    } else {
      this.flushed();
    }
  }

  onResponseStart(_controller: CallController, status: number, parsed: ParsedHeaders): void {
    if (this.#state !== "pending") return;
    if (status < 200) return this.#takeInterim(status, parsed);
    const attempt = this.#attempt;
    const now = this.#exchange.clock.now();
    attempt.firstByteMs = now - attempt.startedAt;
    if (attempt.phase === "headers") attempt.admission.headCame(now - attempt.awaitedSince);
    // What it throws comes back through onResponseError, and ends the connection.
    const head = readAnswerHead(status, parsed, this.#connection.statusLines.minorVersion);
    this.#isDelimited = head.isDelimited;
    this.status = status;
    this.headers = head.headers;
    this.proxyStatus = head.proxyStatus;
    this.#state = "answered";
    attempt.phase = "relay";
    this.#exchange.alarm.setDeadline(this.#exchange.endsAt);
    this.#awaitBody();
    this.#settled.resolve(this);
  }

  onResponseData(controller: CallController, chunk: Buffer): void {
    if (this.#state !== "answered") return;
    this.#attempt.responseBytes += chunk.length;
    if (this.#sink === undefined) return void (this.#early ??= []).push(chunk);
    this.#awaitBody();
    if (!this.#sink.write(chunk)) this.#pause(controller);
  }

  onResponseEnd(_controller?: CallController, trailers: ParsedHeaders = {}): void {
    if (this.#state !== "answered") return;
    if (namesHop(trailers)) this.#connection.retire();
    // A body that ends with the connection ends with FIN; the HTTP client takes a reset for an end as well.
    if (!this.#isDelimited && this.#connection.isReset) return this.#fail(new Failure("upstream_incomplete"));
    this.#isComplete = true;
    this.#attempt.admission.bodyEnded();
    this.#finish();
    this.#sink?.end(undefined);
  }

  onResponseError(_controller: CallController | undefined, error: Error): void {
    this.#fail(error);
  }

  /** What came is no HTTP/1 response, and the HTTP client would take it for one. */
  onForeignVersion(): void {
    this.#fail(new Failure("upstream_protocol_error"));
  }

  /** Interim responses buy the upstream no time. Nobody asked for a 100, and nobody for another protocol. */
  #takeInterim(status: number, parsed: ParsedHeaders): void {
    const isContinue = this.#connection.statusLines.isContinue();
    if (status < 100 || status === 101) this.#fail(new Failure("upstream_protocol_error"));
    else if (!isContinue) this.#request.interim({ status, headers: responseHeaders(parsed) }, this.#exchange);
  }

  /** The client does not read: the upstream is not to blame for the silence that follows. */
  #pause(controller: CallController): void {
    this.#isPaused = true;
    controller.pause();
    this.#exchange.alarm.endWait();
  }

  // --- driven by the exchange ----------------------------------------------------------------------------------

  /** The client left, or a timer fired: gives the attempt up within this tick. */
  cancel(reason: Error): void {
    this.#fail(reason);
  }

  flow(sink: BodySink): void {
    const early = this.#early;
    this.#early = undefined;
    this.#sink = sink;
    if (this.#isComplete) {
      const last = early?.pop();
      if (early !== undefined) for (const chunk of early) sink.write(chunk);
      sink.end(last);
      return;
    }
    if (this.#state === "over") return sink.fail(this.#brokenBy);
    let wantsMore = true;
    if (early !== undefined) for (const chunk of early) wantsMore = sink.write(chunk);
    if (!wantsMore && this.#controller !== undefined) this.#pause(this.#controller);
  }

  resume(): void {
    if (!this.#isPaused || this.#state !== "answered") return;
    this.#isPaused = false;
    this.#awaitBody();
    this.#controller?.resume();
  }

  // --- driven by the request body and the connection -----------------------------------------------------------

  upstreamIsFull(): void {
    this.#attempt.awaitsClient = false;
    if (this.#state === "pending") this.#wait("write", this.#request.timeouts.idle);
    else if (this.#state === "answered") this.#awaitBody();
  }

  clientIsAwaited(): void {
    this.#attempt.awaitsClient = true;
    if (this.#state !== "over") this.#exchange.bodyWait.begin();
  }

  /** The request's last byte has left: from here on the upstream's answer is awaited. */
  flushed(): void {
    this.#attempt.awaitsClient = false;
    this.#attempt.complete = true;
    if (this.#state === "answered") this.#awaitBody();
    if (this.#state !== "pending") return;
    this.#attempt.phase = "headers";
    this.#wait("headers", this.#request.timeouts.headers);
    this.#attempt.sentAt = this.#attempt.awaitedSince;
  }

  // --- ends ----------------------------------------------------------------------------------------------------

  /** An upstream that waits for the rest of the request is not to blame for its silence. */
  #awaitBody(): void {
    if (this.#attempt.awaitsClient) this.#exchange.bodyWait.goOn();
    else if (this.#isPaused) this.#exchange.alarm.endWait();
    else this.#wait("idle", this.#request.timeouts.idle);
  }

  #wait(timer: "connect" | "write" | "headers" | "idle", delayMs: number): void {
    const now = this.#exchange.clock.now();
    this.#attempt.awaitedSince = now;
    this.#attempt.timerMs = delayMs;
    this.#exchange.alarm.wait(timer, now + delayMs);
  }

  #finish(): void {
    this.#state = "over";
    this.#exchange.settle();
    this.#connection.release();
  }

  #fail(cause: unknown): void {
    if (this.#state === "over") return;
    const wasPending = this.#state === "pending";
    this.#recordClose();
    this.#brokenBy = cause;
    if (this.#isPaused) this.#attempt.awaitsClient = true;
    this.#finish();
    if (this.#controller === undefined) this.#connection.abandon();
    else this.#controller.abort(cause instanceof Error ? cause : new Failure("upstream_reset", { cause }));
    if (wasPending) this.#settled.reject(cause);
    else this.#break(cause);
  }

  /** The answer broke off after its head: the attempt was no success after all, unless it was us who gave it up. */
  #break(cause: unknown): void {
    const failure = classify(cause, this.#attempt);
    if (failure.row.breaker === "fail") {
      this.#attempt.outcome = failure.code;
      this.#attempt.admission.bodyBroke();
    }
    this.#sink?.fail(failure);
  }

  #recordClose(): void {
    const attempt = this.#attempt;
    attempt.closedByUpstream = this.#connection.isClosedByUpstream;
    if (attempt.sent)
      attempt.responseBytes = Math.max(attempt.responseBytes, this.#connection.bytesRead - this.#bytesBefore);
  }
}
