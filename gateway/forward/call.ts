import type { Attempt, BodySink, Exchange, UpstreamAnswer, Waiter } from "../exchange.ts";
import type { CallConnection, CallController, CallTimeouts } from "./carrier.ts";
import type { ParsedHeaders } from "./headers.ts";
import type { StreamObserver } from "./streamed-body.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";
import { listField, responseHeaders } from "./headers.ts";

export interface CallOptions {
  readonly exchange: Exchange;
  readonly attempt: Attempt;
  readonly connection: CallConnection;
  readonly timeouts: CallTimeouts;
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
  readonly #timeouts: CallTimeouts;
  #resolve!: (answer: UpstreamAnswer) => void;
  #reject!: (cause: unknown) => void;
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
  readonly answer: Promise<UpstreamAnswer>;

  constructor({ exchange, attempt, connection, timeouts }: CallOptions) {
    this.#exchange = exchange;
    this.#attempt = attempt;
    this.#connection = connection;
    this.#timeouts = timeouts;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#wait("connect", timeouts.connect);
    exchange.await(this);
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
    if (this.#state !== "pending" || status < 200) return;
    const attempt = this.#attempt;
    attempt.firstByteMs = this.#exchange.clock.now() - attempt.startedAt;
    const coding = listField(parsed, "transfer-encoding");
    if (status > 599 || (coding !== undefined && coding.toLowerCase() !== "chunked")) {
      this.#fail(new Failure("upstream_protocol_error"));
      return;
    }
    this.#isDelimited = coding !== undefined || parsed["content-length"] !== undefined;
    this.status = status;
    this.headers = responseHeaders(parsed);
    this.proxyStatus = listField(parsed, "proxy-status");
    this.#state = "answered";
    attempt.phase = "relay";
    this.#exchange.alarm.setDeadline(Infinity);
    this.#awaitBody();
    this.#resolve(this);
  }

  onResponseData(controller: CallController, chunk: Buffer): void {
    if (this.#state !== "answered") return;
    this.#attempt.responseBytes += chunk.length;
    if (this.#sink === undefined) {
      (this.#early ??= []).push(chunk);
      return;
    }
    this.#awaitBody();
    if (this.#sink.write(chunk)) return;
    // The client does not read: the upstream is not to blame for the silence that follows.
    this.#isPaused = true;
    controller.pause();
    this.#exchange.alarm.endWait();
  }

  onResponseEnd(): void {
    if (this.#state !== "answered") return;
    // A body that ends with the connection ends with FIN; the HTTP client takes a reset for an end as well.
    if (!this.#isDelimited && this.#connection.isReset) {
      this.#fail(new Failure("upstream_incomplete"));
      return;
    }
    this.#isComplete = true;
    this.#attempt.admission.bodyEnded();
    this.#finish();
    this.#sink?.end(undefined);
  }

  onResponseError(_controller: CallController | undefined, error: Error): void {
    this.#fail(error);
  }

  /** What came is no HTTP/1 answer, and the HTTP client would take it for one. */
  onForeignVersion(): void {
    this.#fail(new Failure("upstream_protocol_error"));
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
    if (this.#state === "over") {
      sink.fail(this.#brokenBy);
      return;
    }
    let wantsMore = true;
    if (early !== undefined) for (const chunk of early) wantsMore = sink.write(chunk);
    if (wantsMore || this.#controller === undefined) return;
    this.#isPaused = true;
    this.#controller.pause();
    this.#exchange.alarm.endWait();
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
    if (this.#state === "pending") this.#wait("write", this.#timeouts.idle);
    else if (this.#state === "answered") this.#awaitBody();
  }

  clientIsAwaited(): void {
    this.#attempt.awaitsClient = true;
    if (this.#state === "pending") this.#exchange.alarm.wait("body", Infinity);
    else if (this.#state === "answered") this.#awaitBody();
  }

  /** The request's last byte has left: from here on the upstream's answer is awaited. */
  flushed(): void {
    this.#attempt.awaitsClient = false;
    this.#attempt.complete = true;
    if (this.#state === "answered") this.#awaitBody();
    if (this.#state !== "pending") return;
    this.#attempt.phase = "headers";
    this.#wait("headers", this.#timeouts.headers);
  }

  // --- ends ----------------------------------------------------------------------------------------------------

  /** An upstream that waits for the rest of the request is not to blame for its silence. */
  #awaitBody(): void {
    if (this.#attempt.awaitsClient || this.#isPaused) this.#exchange.alarm.endWait();
    else this.#wait("idle", this.#timeouts.idle);
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
    this.#finish();
    if (this.#controller === undefined) this.#connection.abandon();
    else this.#controller.abort(cause instanceof Error ? cause : new Failure("upstream_reset", { cause }));
    if (wasPending) this.#reject(cause);
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
