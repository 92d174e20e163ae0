import type { Attempt, BodySink, Exchange, UpstreamAnswer, Waiter } from "../exchange/exchange.ts";
import type { ResponseHead } from "../http1/response-head.ts";
import type { CallConnection, CallOptions } from "./carrier.ts";
import type { BodyObserver } from "./request-body.ts";

import { classify } from "../failures/classify.ts";
import { Failure, TimerExpired } from "../failures/failure.ts";
import { Known } from "../http1/fields.ts";
import { responseFields } from "./headers.ts";

/** How long an upstream may say nothing to `Expect: 100-continue` before it is sent the body. Milliseconds. */
const continueMs = 1000;

/**
 * One request on its way to one target, to the last byte of the answer: driven by its connection, cancelled by the
 * exchange, read by relay. It settles exactly once before the response head, and ends exactly once after it.
 */
export class Call implements UpstreamAnswer, Waiter, BodyObserver {
  readonly #exchange: Exchange;
  readonly #attempt: Attempt;
  readonly #connection: CallConnection;
  readonly #request: CallOptions["request"];
  readonly #settled = Promise.withResolvers<UpstreamAnswer>();
  #bytesBefore = 0;
  #state: "pending" | "answered" | "over" = "pending";
  #isComplete = false;
  #isPaused = false;
  #isAwaitingContinue = false;
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
  }

  get answer(): Promise<UpstreamAnswer> {
    return this.#settled.promise;
  }

  get state(): "pending" | "answered" | "over" {
    return this.#state;
  }

  /** The connection is awaited. An exchange that was cancelled meanwhile ends the call here. */
  begin(): void {
    this.#wait("connect", this.#request.timeouts.connect);
    this.#exchange.await(this);
  }

  /** The request's first byte is about to be written. */
  started(): void {
    const attempt = this.#attempt;
    attempt.reused = this.#connection.served > 0;
    attempt.sent = true;
    attempt.phase = "send";
    this.#bytesBefore = this.#connection.bytesRead;
    if (!attempt.reused) attempt.connectMs = this.#exchange.clock.now() - attempt.startedAt;
  }

  /** The head has asked whether the upstream wants the body. */
  awaitContinue(): void {
    if (this.#state !== "pending") return;
    this.#isAwaitingContinue = true;
    this.#wait("continue", continueMs);
  }

  requestSent(): void {
    this.#connection.requestSent();
    if (this.#state === "over") return;
    if (this.#connection.isBlocked) {
      this.upstreamIsFull();
      this.#connection.onceFlushed(this);
    } else {
      this.flushed();
    }
  }

  /** The upstream reads no more; what it has said before is still to be read. */
  requestBroken(): void {
    this.#attempt.awaitsClient = false;
    this.#exchange.clientRests();
    if (this.#state === "pending") this.#wait("headers", this.#request.timeouts.headers);
  }

  /** Interim responses buy the upstream no time. Nobody asked for another protocol. */
  interim(head: ResponseHead): void {
    if (this.#state !== "pending") return;
    if (head.status === 101) return this.fail(new Failure("upstream_protocol_error"));
    if (head.status === 100) return this.#isAwaitingContinue ? this.#sendBody() : undefined;
    this.#request.interim({ status: head.status, headers: responseFields(head.fields) }, this.#exchange);
  }

  head({ status, fields }: ResponseHead): void {
    if (this.#state !== "pending") return;
    const attempt = this.#attempt;
    const now = this.#exchange.clock.now();
    attempt.firstByteMs = now - attempt.startedAt;
    if (attempt.phase === "headers") attempt.admission.headCame(now - attempt.awaitedSince);
    this.status = status;
    this.headers = responseFields(fields);
    this.proxyStatus = fields.has(Known.proxyStatus) ? fields.get("proxy-status") : undefined;
    this.#state = "answered";
    attempt.phase = "relay";
    this.#exchange.timer.setDeadline(this.#exchange.endsAt);
    this.#awaitBody();
    this.#settled.resolve(this);
  }

  data(chunk: Buffer): void {
    if (this.#state !== "answered") return;
    this.#attempt.responseBytes += chunk.length;
    if (this.#sink === undefined) return void (this.#early ??= []).push(chunk);
    this.#awaitBody();
    if (!this.#sink.write(chunk)) this.#pause();
  }

  end(): void {
    if (this.#state !== "answered") return;
    this.#isComplete = true;
    this.#attempt.admission.bodyEnded();
    this.#finish();
    this.#connection.release();
    this.#sink?.end(undefined);
  }

  fail(cause: unknown): void {
    if (this.#state === "over") return;
    const wasPending = this.#state === "pending";
    this.#recordClose();
    this.#brokenBy = cause;
    if (this.#isPaused) this.#attempt.awaitsClient = true;
    this.#finish();
    this.#connection.abandon();
    if (wasPending) this.#settled.reject(cause);
    else this.#break(cause);
  }

  /** The client does not read: the upstream is not to blame for the silence that follows. */
  #pause(): void {
    if (this.#state !== "answered") return;
    this.#isPaused = true;
    this.#connection.pause();
    this.#exchange.timer.endWait();
  }

  #sendBody(): void {
    this.#isAwaitingContinue = false;
    this.#exchange.request.sendContinue();
    this.#connection.sendBody();
  }

  /** The client left, or a timer fired: gives the attempt up within this tick. */
  cancel(reason: Error): void {
    if (!(reason instanceof TimerExpired) || reason.timer !== "continue") return this.fail(reason);
    this.#exchange.await(this);
    this.#sendBody();
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
    if (!wantsMore) this.#pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#state !== "answered") return;
    this.#isPaused = false;
    this.#awaitBody();
    this.#connection.resume();
  }

  upstreamIsFull(): void {
    this.#attempt.awaitsClient = false;
    this.#exchange.clientRests();
    if (this.#state === "pending") this.#wait("write", this.#request.timeouts.idle);
    else if (this.#state === "answered") this.#awaitBody();
  }

  clientIsAwaited(): void {
    if (this.#state === "over") return;
    this.#attempt.awaitsClient = true;
    this.#exchange.uploadTimer.begin();
    this.#exchange.clientIsAwaited();
  }

  /** The request's last byte has left: from here on the upstream's answer is awaited. */
  flushed(): void {
    this.#attempt.awaitsClient = false;
    this.#attempt.complete = true;
    this.#exchange.clientRests();
    if (this.#state === "answered") this.#awaitBody();
    if (this.#state !== "pending") return;
    this.#attempt.phase = "headers";
    this.#wait("headers", this.#request.timeouts.headers);
    this.#attempt.sentAt = this.#attempt.awaitedSince;
  }

  /** An upstream that waits for the rest of the request is not to blame for its silence. */
  #awaitBody(): void {
    if (this.#attempt.awaitsClient) this.#exchange.uploadTimer.goOn();
    else if (this.#isPaused) this.#exchange.timer.endWait();
    else this.#wait("idle", this.#request.timeouts.idle);
  }

  #wait(timer: "connect" | "write" | "continue" | "headers" | "idle", delayMs: number): void {
    const now = this.#exchange.clock.now();
    this.#attempt.awaitedSince = now;
    this.#attempt.timerMs = delayMs;
    this.#exchange.timer.wait(timer, now + delayMs);
  }

  #finish(): void {
    this.#state = "over";
    this.#exchange.settle();
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
