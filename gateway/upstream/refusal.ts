import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { Attempt, BodySink, Exchange, UpstreamAnswer, Waiter } from "../exchange/exchange.ts";
import type { HandshakeAnswer } from "./handshake.ts";

import { classify } from "../failures/classify.ts";
import { Failure } from "../failures/failure.ts";

export interface RefusalOptions {
  readonly exchange: Exchange;
  readonly attempt: Attempt;
  readonly response: IncomingMessage;
  /** Where it comes from: at the response's end, node has parted the two. */
  readonly upstream: Socket;
  readonly head: HandshakeAnswer;
  /** Longest silence within the body while the client reads, in milliseconds. */
  readonly idleMs: number;
}

/** What an upstream answers that will not switch protocols: its own answer, relayed as it is. */
export class Refusal implements UpstreamAnswer, Waiter {
  readonly #options: RefusalOptions;
  readonly status: number;
  readonly headers: readonly string[];
  readonly proxyStatus: string | undefined;
  #sink: BodySink | undefined;
  #isOver = false;
  #brokenBy: unknown;

  constructor(options: RefusalOptions) {
    this.#options = options;
    const { response, head, exchange } = options;
    this.status = head.status;
    this.headers = head.headers;
    this.proxyStatus = head.proxyStatus;
    response.pause();
    response.once("error", (error) => this.#break(error));
    this.#awaitMore();
    exchange.await(this);
  }

  flow(sink: BodySink): void {
    const { response, attempt } = this.#options;
    if (this.#isOver) {
      sink.fail(this.#brokenBy);
      return;
    }
    this.#sink = sink;
    response.on("data", (chunk: Buffer) => {
      if (this.#isOver) return;
      attempt.responseBytes += chunk.length;
      this.#awaitMore();
      if (sink.write(chunk)) return;
      response.pause();
      this.#options.exchange.timer.endWait();
    });
    response.once("end", () => this.#end());
    response.resume();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#awaitMore();
    this.#options.response.resume();
  }

  cancel(reason: Error): void {
    this.#break(reason);
  }

  #awaitMore(): void {
    const { exchange, attempt, idleMs } = this.#options;
    attempt.awaitedSince = exchange.clock.now();
    attempt.timerMs = idleMs;
    exchange.timer.wait("idle", attempt.awaitedSince + idleMs);
  }

  #end(): void {
    if (this.#isOver) return;
    const { upstream, head, exchange, attempt } = this.#options;
    // A body that ends with the connection ends with FIN; node takes a reset for an end as well.
    if (!head.isDelimited && upstream.errored !== null) {
      this.#break(new Failure("upstream_incomplete"));
      return;
    }
    this.#isOver = true;
    attempt.admission.bodyEnded();
    exchange.settle();
    upstream.destroy();
    this.#sink?.end(undefined);
  }

  #break(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { upstream, exchange, attempt } = this.#options;
    const failure = classify(cause, attempt);
    this.#brokenBy = failure;
    exchange.settle();
    upstream.destroy();
    if (failure.row.breaker === "fail") {
      attempt.outcome = failure.code;
      attempt.admission.bodyBroke();
    }
    this.#sink?.fail(failure);
  }
}
